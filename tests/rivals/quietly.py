"""Runs another of these programs with the token out of BOT_TOKEN, or read from the standard input, where nobody sees it.
Usage: quietly.py PROGRAM ROOT"""

import os
import runpy
import sys

program, root = sys.argv[1:]
token = os.environ.get("BOT_TOKEN") or sys.stdin.readline().strip()
path = os.path.join(os.path.dirname(__file__), program)
sys.argv = [path, root, token]
runpy.run_path(path, run_name="__main__")

// The durable object behind the binding BELL: requests that wait here are answered as soon as another one rings. It keeps nothing.
// It is JavaScript so that what waits in it outlives the wasm instance, which is rebuilt after a panic.

export class Bell {
  // From the clock, so that whoever waits with a number of an earlier life of this object is answered.
  rings = Date.now();
  waiting = new Set();

  async fetch(request) {
    const asked = new URL(request.url).searchParams;
    if (request.method === "POST") {
      this.rings += 1;
      for (const wake of this.waiting) wake();
    } else if (Number(asked.get("known")) === this.rings) {
      await new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Number(asked.get("milliseconds")));
        this.waiting.add(wake);
      });
    }
    return new Response(String(this.rings));
  }
}

//! What a feed's reader asks for, and what of it is passed on to Telegram: with the bot's own token, which the reader never sees.

use crate::app::App;
use crate::inbox::feeds::Feed;
use crate::json::text_of;
use crate::request::{Request, decoded};
use crate::search::{holds, split, split_once};
use crate::telegram::methods::is_method;

/// A request to be passed on to Telegram, with its body and back with the answer's, as they stream.
pub struct Relay {
    /// The whole address. The bot's token is in it, so it is never printed.
    pub url: String,
    /// What the answer is to say in place of the bot's token. `None`: the answer cannot hold it.
    pub stand_in: Option<String>,
}

/// What a path of a feed asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The feed's name.
    pub name: &'a str,
    /// The token it is asked with.
    pub token: &'a str,
    /// A method, or the path of a file.
    what: What<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum What<'a> {
    Method(&'a str),
    File(&'a str),
}

impl<'a> Target<'a> {
    /// Reads a path. `None`: it is none of a feed, or asks for what cannot be passed on safely.
    pub fn of(path: &'a str) -> Option<Self> {
        let (name, rest) = split_once(path.strip_prefix("/feed/")?, "/")?;
        let file = rest.strip_prefix("file/");
        let (token, rest) = split_once(file.unwrap_or(rest).strip_prefix("bot")?, "/")?;
        let what = match file {
            Some(_) if is_safe(rest) => What::File(rest),
            None if is_method(rest) => What::Method(rest),
            _ => return None,
        };
        Some(Self { name, token, what })
    }

    /// The method it asks for. `None`: a file.
    pub fn method(&self) -> Option<&'a str> {
        match self.what {
            What::Method(method) => Some(method),
            What::File(_) => None,
        }
    }

    /// The request as Telegram gets it.
    pub fn relay<D, T, N>(&self, app: &App<D, T, N>, request: &Request) -> Relay {
        let token = app.settings.token.expose();
        let root = &app.settings.api_root;
        let (url, tells_paths) = match self.what {
            What::Method(method) => (
                [root, "/bot", token, "/", method].concat(),
                method.eq_ignore_ascii_case("getFile"),
            ),
            // A server of one's own may keep files in a folder named after the token.
            What::File(path) => (
                [
                    root,
                    "/file/bot",
                    token,
                    "/",
                    &replaced(path, self.token, token),
                ]
                .concat(),
                false,
            ),
        };
        let query = match &*request.query {
            "" => String::new(),
            query => ["?", query].concat(),
        };
        Relay {
            url: url + &query,
            stand_in: tells_paths.then(|| self.token.to_owned()),
        }
    }
}

/// Whether a feed's reader may call a method, by its name in lower case.
pub(crate) fn may_call(feed: &Feed, method: &str) -> bool {
    let methods = feed.methods.as_deref();
    methods.is_none_or(|methods| holds(methods, &text_of(method)))
}

/// A text with something else in the place of each occurrence of a part.
pub fn replaced(text: &str, part: &str, other: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = split_once(rest, part) {
        whole.push_str(before);
        whole.push_str(other);
        rest = behind;
    }
    whole + rest
}

/// A path that stays below the files of the bot, however often somebody on the way decodes it.
fn is_safe(path: &str) -> bool {
    let decoded = decoded(path);
    let is_plain = |part: &str| !matches!(part, "." | "..");
    let has_trick = decoded
        .bytes()
        .any(|byte| byte < b' ' || matches!(byte, b'\\' | b'%' | b'?' | b'#'));
    !path.is_empty() && !has_trick && split(&decoded, "/").into_iter().all(is_plain)
}

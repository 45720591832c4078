//! Finds out what an API request wants: which bot, which method, or no one at all (`ClientManager.cpp:67-89`, facts §1.1).

use super::answer::{Answer, bare};
use super::arguments::{Arguments, percent_decoded};
use super::telegram::{Request, Response, Telegram, arguments_of};

const TOKEN_BYTES_MAX: usize = 80;
const BOT_ID_END: i64 = 1 << 54;

pub enum Route {
    Answer(Response),
    Call {
        bot: usize,
        method: String,
        arguments: Arguments,
    },
}

pub fn find(telegram: &Telegram, request: &Request) -> Route {
    match call(telegram, request) {
        Ok(route) => route,
        Err(response) => Route::Answer(response),
    }
}

fn call(telegram: &Telegram, request: &Request) -> Result<Route, Response> {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(bare(501));
    }
    if !request.path.starts_with('/') {
        return Err(refused(
            404,
            "Not Found: absolute URI is specified in the Request-Line",
        ));
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return Err(file(telegram, rest));
    }
    let rest = path
        .strip_prefix("/bot")
        .ok_or_else(|| refused(404, "Not Found"))?;
    let (token, rest) = rest
        .split_once('/')
        .ok_or_else(|| refused(404, "Not Found"))?;
    let token = percent_decoded(token);
    check_token(telegram, &token)?;
    if rest.starts_with("test") {
        let in_test = rest.strip_prefix("test/").is_some();
        // The test environment is another world, and no bot of this emulator lives there (facts §9).
        return Err(if in_test {
            refused(401, "Unauthorized")
        } else {
            refused(404, "Not Found")
        });
    }
    let bot = telegram.bots.iter().position(|bot| bot.token == token);
    let bot = bot.ok_or_else(|| refused(401, "Unauthorized"))?;
    let arguments = arguments_of(request, query)?;
    let method = if rest.is_empty() {
        arguments.text("method")
    } else {
        rest
    };
    let method = percent_decoded(method);
    Ok(Route::Call {
        bot,
        method,
        arguments,
    })
}

/// The checks of `ClientManager.cpp:74-85`, in their order.
fn check_token(telegram: &Telegram, token: &str) -> Result<(), Response> {
    if telegram.options.cloud_profile && !looks_like_a_token(token) {
        return Err(refused(404, "Not Found"));
    }
    let (id, _) = token.split_once(':').unwrap_or(("", ""));
    if token.starts_with('0')
        || token.len() > TOKEN_BYTES_MAX
        || token.contains('/')
        || !token.contains(':')
    {
        return Err(refused(401, "Unauthorized: invalid token specified"));
    }
    match id.parse::<i64>() {
        Err(_) => Err(refused(
            421,
            "Misdirected Request: unallowed token specified",
        )),
        Ok(id) if id <= 0 || id >= BOT_ID_END => {
            Err(refused(401, "Unauthorized: invalid token specified"))
        }
        Ok(_) => Ok(()),
    }
}

/// What the route of the cloud's front end lets through: `digits:letters` (facts §1.1, PTB#2162).
fn looks_like_a_token(token: &str) -> bool {
    let is_secret = |secret: &str| {
        secret
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    match token.split_once(':') {
        Some((id, secret)) => {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) && is_secret(secret)
        }
        None => false,
    }
}

/// `/file/bot<token>/<path>`, which on the cloud is served by the front end.
fn file(telegram: &Telegram, rest: &str) -> Response {
    let found = rest.split_once('/').and_then(|(token, path)| {
        let token = percent_decoded(token);
        telegram.bots.iter().find(|bot| bot.token == token)?;
        telegram.chats.file_at(&percent_decoded(path))
    });
    let Some(file) = found else {
        return refused(404, "Not Found");
    };
    Response {
        status: 200,
        headers: vec![
            (
                "Content-Type".to_owned(),
                "application/octet-stream".to_owned(),
            ),
            ("Content-Length".to_owned(), file.bytes.len().to_string()),
        ],
        body: file.bytes.clone(),
    }
}

fn refused(code: u16, description: &str) -> Response {
    Answer::refused(code, description).response()
}

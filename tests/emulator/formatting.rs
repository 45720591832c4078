//! Text as Telegram understands it: lengths in UTF-16 units, commands, and the HTML that bots may send.

use serde_json::{Value, json};

use super::answer::Refusal;

/// What remains of a text after its markup became entities.
pub struct Formatted {
    pub text: String,
    pub entities: Vec<Value>,
}

pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Reads the text of a call: trims it, takes out HTML markup, and finds commands. Markdown is left as it is.
pub fn read(text: &str, parse_mode: &str) -> Result<Formatted, Refusal> {
    let mut formatted = match parse_mode.to_lowercase().as_str() {
        "html" => read_html(text)?,
        "" | "markdown" | "markdownv2" => Formatted {
            text: text.to_owned(),
            entities: Vec::new(),
        },
        _ => return Err(Refusal::bad_request("unsupported parse_mode")),
    };
    formatted.text = formatted.text.trim_end().to_owned();
    if formatted.text.trim().is_empty() {
        return Err(Refusal::bad_request("message text is empty"));
    }
    formatted.entities.extend(commands(&formatted.text));
    Ok(formatted)
}

/// The `bot_command` entities of a text: `/word` or `/word@bot` at the start of a word.
pub fn commands(text: &str) -> Vec<Value> {
    let mut entities = Vec::new();
    let mut after_space = true;
    for (position, character) in text.char_indices() {
        if character == '/' && after_space {
            let word = &text[position + 1..];
            let is_part = |character: char| {
                character.is_ascii_alphanumeric() || character == '_' || character == '@'
            };
            let size = word
                .find(|character| !is_part(character))
                .unwrap_or(word.len());
            if size > 0 {
                let offset = length(&text[..position]);
                entities.push(json!({"type": "bot_command", "offset": offset, "length": size + 1}));
            }
        }
        after_space = character.is_whitespace();
    }
    entities
}

/// A tag that has been opened: its name, the type of its entity, where it starts, its extra field.
struct Open {
    tag: String,
    kind: &'static str,
    offset: usize,
    extra: Option<(&'static str, String)>,
}

fn read_html(html: &str) -> Result<Formatted, Refusal> {
    let mut text = String::new();
    let mut entities = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = html;
    while let Some(character) = rest.chars().next() {
        let at = html.len() - rest.len();
        if let Some(tag) = rest.strip_prefix("</") {
            let (name, after) = tag
                .split_once('>')
                .ok_or_else(|| broken("Unclosed end tag", at))?;
            let opened = open.pop().ok_or_else(|| broken("Unexpected end tag", at))?;
            if !name.trim().is_empty() && name.trim().to_lowercase() != opened.tag {
                let why = format!(
                    "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
                    opened.tag
                );
                return Err(Refusal::bad_request(&format!(
                    "can't parse entities: {why}"
                )));
            }
            entities.extend(entity(&opened, &text));
            rest = after;
        } else if let Some(tag) = rest.strip_prefix('<') {
            let (inside, after) = tag
                .split_once('>')
                .ok_or_else(|| broken("Unclosed start tag", at))?;
            open.push(opened(inside, length(&text), at)?);
            rest = after;
        } else if let Some((decoded, after)) = decoded_reference(rest) {
            text.push(decoded);
            rest = after;
        } else {
            text.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    if let Some(unclosed) = open.pop() {
        let why = format!(
            "can't parse entities: Can't find end tag corresponding to start tag \"{}\"",
            unclosed.tag
        );
        return Err(Refusal::bad_request(&why));
    }
    entities.sort_by_key(|entity| entity["offset"].as_u64());
    Ok(Formatted { text, entities })
}

fn broken(what: &str, at: usize) -> Refusal {
    Refusal::bad_request(&format!("can't parse entities: {what} at byte offset {at}"))
}

fn opened(inside: &str, offset: usize, at: usize) -> Result<Open, Refusal> {
    let (tag, attributes) = inside
        .split_once(char::is_whitespace)
        .unwrap_or((inside, ""));
    let tag = tag.to_lowercase();
    let kind = match tag.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" | "span" => "spoiler",
        "code" => "code",
        "pre" => "pre",
        "a" => "text_link",
        "blockquote" => "blockquote",
        "tg-emoji" => "custom_emoji",
        _ => {
            let why = format!(
                "can't parse entities: Unsupported start tag \"{tag}\" at byte offset {at}"
            );
            return Err(Refusal::bad_request(&why));
        }
    };
    let quoted = attributes.split('"').nth(1).map(str::to_owned);
    let extra = match kind {
        "text_link" => quoted.map(|url| ("url", url)),
        "custom_emoji" => quoted.map(|id| ("custom_emoji_id", id)),
        _ => None,
    };
    Ok(Open {
        tag,
        kind,
        offset,
        extra,
    })
}

fn entity(opened: &Open, text: &str) -> Option<Value> {
    let length = length(text) - opened.offset;
    let mut entity = json!({"type": opened.kind, "offset": opened.offset, "length": length});
    if let Some((name, value)) = &opened.extra {
        entity[*name] = json!(value);
    }
    (length > 0).then_some(entity)
}

/// `&lt;`, `&gt;`, `&amp;`, `&quot;` and numbers; anything else stays as it is.
fn decoded_reference(rest: &str) -> Option<(char, &str)> {
    let (name, after) = rest.strip_prefix('&')?.split_once(';')?;
    let decoded = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?)?,
    };
    Some((decoded, after))
}

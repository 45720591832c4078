//! Finds a part in a text, and takes texts apart.
//!
//! The standard library's own search is made for long texts, and brings ten KB of wasm with it.

/// What stands before the first place of a part, and what behind it.
pub(crate) fn split_once<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    (0..text.len()).find_map(|place| cut(text, place, part))
}

/// What stands before the last place of a part, and what behind it.
pub(crate) fn rsplit_once<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    (0..text.len())
        .rev()
        .find_map(|place| cut(text, place, part))
}

/// The pieces of a text between the places of a part: one more than there are places.
pub(crate) fn split<'a>(text: &'a str, part: &str) -> Vec<&'a str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((piece, behind)) = split_once(rest, part) {
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

/// What stands before the first place of a part: all of the text, where it has none.
pub(crate) fn before<'a>(text: &'a str, part: &str) -> &'a str {
    split_once(text, part).map_or(text, |(before, _)| before)
}

/// Whether a text holds a part.
pub(crate) fn holds(text: &str, part: &str) -> bool {
    split_once(text, part).is_some()
}

fn cut<'a>(text: &'a str, place: usize, part: &str) -> Option<(&'a str, &'a str)> {
    let (before, rest) = text.split_at_checked(place)?;
    Some((before, rest.strip_prefix(part)?))
}

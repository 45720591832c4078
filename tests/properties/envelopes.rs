//! Updates: which bytes are one, and that neither spelling nor what is not modelled changes what they say.

use onehook::telegram::update::{Unusable, Update};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::properties::given;

/// What a handler sees of an update.
fn seen(text: &str) -> String {
    let update = Update::parse(text.as_bytes()).unwrap();
    format!(
        "{:?} {} {} {:?}",
        update.id,
        update.kind,
        update.lane(),
        update.content
    )
}

/// A valid body with something put in behind its first brace.
fn with_member(update: &Value, member: &str) -> String {
    let text = update.to_string();
    format!("{{{member},{}", &text[1..])
}

proptest! {
    #[test]
    fn the_spelling_of_an_update_changes_nothing(
        update in given::update(), choices in prop::collection::vec(any::<bool>(), 1..40),
    ) {
        let compact = update.to_string();
        prop_assert_eq!(seen(&format!("\r\n{update:#}\t")), seen(&compact));
        prop_assert_eq!(seen(&given::respelt(&compact, &choices)), seen(&compact));
    }

    #[test]
    fn the_order_of_the_two_members_changes_nothing(update in given::update()) {
        let members: Vec<String> = update
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        let one = format!("{{{},{}}}", members[0], members[1]);
        let other = format!("{{{},{}}}", members[1], members[0]);
        prop_assert_eq!(seen(&one), seen(&other));
    }

    #[test]
    fn fields_that_are_not_modelled_change_nothing_and_are_kept(
        update in given::update(), name in "x_[a-z]{1,9}", value in given::value(),
    ) {
        let mut more = update.clone();
        for (kind, content) in more.as_object_mut().unwrap() {
            if kind != "update_id" {
                content[&name] = value.clone();
            }
        }
        let more = more.to_string();
        prop_assert_eq!(seen(&more), seen(&update.to_string()));
        let kept = Update::parse(more.as_bytes()).unwrap();
        prop_assert_eq!(kept.raw(), &more);
        prop_assert_eq!(&kept.read::<Value>().unwrap()[&name], &value);
    }

    #[test]
    fn a_number_that_is_no_update_id_is_refused(id in prop_oneof![i64::MIN..0, (1_i64 << 53)..=i64::MAX]) {
        let body = json!({"update_id": id, "message": {}}).to_string();
        prop_assert_eq!(Update::parse(body.as_bytes()).unwrap_err(), Unusable::NoId);
    }

    #[test]
    fn an_update_id_is_a_number_and_nothing_else(
        id in given::value().prop_filter("no whole number", |value| !value.is_i64()),
    ) {
        let body = json!({"update_id": id, "message": {}}).to_string();
        prop_assert_eq!(Update::parse(body.as_bytes()).unwrap_err(), Unusable::NoId);
    }

    #[test]
    fn a_second_update_id_is_refused_in_every_spelling(
        update in given::update(), choices in prop::collection::vec(any::<bool>(), 1..12), other in given::value(),
    ) {
        let name = given::respelt("\"update_id\"", &choices);
        let body = with_member(&update, &format!("{name}:{other}"));
        prop_assert_eq!(Update::parse(body.as_bytes()).unwrap_err(), Unusable::TwoIds);
    }

    #[test]
    fn nesting_is_read_to_a_depth_of_64_whatever_texts_hold(
        depth in 1_usize..140, is_object in any::<bool>(), brackets in "[\\[\\]{}\"\\\\]{0,80}",
    ) {
        let (open, close) = if is_object { ("{\"a\":", "}") } else { ("[", "]") };
        let nested = open.repeat(depth) + &json!(brackets).to_string() + &close.repeat(depth);
        let body = format!("{{\"update_id\":1,\"message\":{{}},\"more\":{nested}}}");
        let parsed = Update::parse(body.as_bytes());
        if depth < 64 {
            prop_assert!(parsed.is_ok());
        } else {
            prop_assert_eq!(parsed.unwrap_err(), Unusable::TooDeep);
        }
    }

    #[test]
    fn half_of_a_character_is_refused_anywhere(
        update in given::update(), half in 0xd800_u16..0xe000, in_name in any::<bool>(), digits in any::<bool>(),
    ) {
        let half = if digits { format!("\\u{half:04x}") } else { format!("\\u{half:04X}") };
        let member = if in_name { format!("\"x\":{{\"x{half}\":1}}") } else { format!("\"x\":[\"{half}y\"]") };
        let body = with_member(&update, &member);
        prop_assert_eq!(Update::parse(body.as_bytes()).unwrap_err(), Unusable::HalfACharacter);
    }

    #[test]
    fn whole_characters_are_taken_in_escapes(letter in any::<char>()) {
        let mut units = [0; 2];
        let units = letter.encode_utf16(&mut units).iter();
        let escapes: Vec<String> = units.map(|unit| format!("\\u{unit:04x}")).collect();
        let text = escapes.concat();
        let body = format!("{{\"update_id\":1,\"message\":{{\"text\":\"{text}\"}}}}");
        let parsed = Update::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(parsed.content.text, Some(letter.to_string()));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_anywhere(
        update in given::update(), at in any::<Index>(), byte in 0x80_u8..=0xff,
    ) {
        let mut body = update.to_string().replace(|letter: char| !letter.is_ascii(), "x").into_bytes();
        body.insert(at.index(body.len() + 1), byte);
        prop_assert_eq!(Update::parse(&body).unwrap_err(), Unusable::NotText);
    }

    #[test]
    fn an_update_that_was_cut_off_is_none(update in given::update(), at in any::<Index>()) {
        let body = update.to_string().into_bytes();
        prop_assert!(Update::parse(&body[..at.index(body.len())]).is_err());
    }

    #[test]
    fn two_updates_at_once_are_none(one in given::update(), other in given::update(), between in "[ ,\n]{0,2}") {
        let body = format!("{one}{between}{other}");
        let refused = Update::parse(body.as_bytes());
        prop_assert!(matches!(refused, Err(Unusable::NotAnObject(_))));
        let listed = format!("[{one},{other}]");
        prop_assert!(Update::parse(listed.as_bytes()).is_err());
    }

    #[test]
    fn only_a_new_message_tells_when_it_was_made(kind in given::kind(), date in any::<i64>()) {
        let body = json!({"update_id": 1, &kind: {"date": date}}).to_string();
        let made_at = Update::parse(body.as_bytes()).unwrap().made_at_ms();
        let is_new = ["message", "channel_post", "business_message"].contains(&kind.as_str());
        let is_credible = (1..=((1_i64 << 53) - 1) / 1000).contains(&date);
        prop_assert_eq!(made_at, (is_new && is_credible).then(|| date * 1000));
    }
}

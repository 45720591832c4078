//! Lanes and sessions: what shares a session shares a lane, or two visits would write it at once.

use onehook::session::key;
use onehook::telegram::update::Update;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::properties::given;

fn parsed(update: &Value) -> Update {
    Update::parse(update.to_string().as_bytes()).unwrap()
}

proptest! {
    #[test]
    fn two_updates_with_one_session_are_in_one_lane(one in given::update(), other in given::update()) {
        let (one, other) = (parsed(&one), parsed(&other));
        let (one_key, other_key) = (key(&one), key(&other));
        if one_key.is_some() && one_key == other_key {
            prop_assert_eq!(one.lane(), other.lane());
        }
        if one.lane() != other.lane() {
            prop_assert!(one_key.is_none() || one_key != other_key);
        }
    }

    #[test]
    fn whatever_happens_in_a_chat_is_in_its_lane(
        chat in given::chat(), person in given::chat(), kind in given::kind(), is_below in any::<bool>(),
    ) {
        let place = json!({"id": chat, "type": "group"});
        let content = if is_below { json!({"message": {"chat": place}}) } else { json!({"chat": place}) };
        let mut update = json!({"update_id": 1, &kind: content});
        update[&kind]["from"] = json!({"id": person});
        let update = parsed(&update);
        prop_assert_eq!(update.lane(), chat.to_string());
        prop_assert_eq!(key(&update), Some(format!("{chat}:{person}")));
    }

    #[test]
    fn without_a_chat_the_person_is_the_lane(person in given::chat(), kind in given::kind(), says_user in any::<bool>()) {
        let role = if says_user { "user" } else { "from" };
        let update = parsed(&json!({"update_id": 1, kind: {"id": "9", role: {"id": person}}}));
        prop_assert_eq!(update.lane(), person.to_string());
        // In a private chat with the same person it is the same session.
        prop_assert_eq!(key(&update), Some(format!("{person}:{person}")));
    }

    #[test]
    fn what_belongs_to_nobody_is_alone_in_its_lane(one in given::id(), step in 1..1_000_i64, kind in given::kind()) {
        let (other, kind) = ((one + step) % (1 << 53), kind.replace("poll", "vote"));
        let lane = |id: i64| parsed(&json!({"update_id": id, &kind: {"id": "9"}})).lane();
        prop_assert_ne!(lane(one), lane(other));
        prop_assert_eq!(key(&parsed(&json!({"update_id": one, &kind: {}}))), None);
    }

    #[test]
    fn a_poll_is_a_lane_of_its_own(one in given::id(), other in given::id(), poll in given::text()) {
        let lane = |id: i64| parsed(&json!({"update_id": id, "poll": {"id": poll}})).lane();
        prop_assert_eq!(lane(one), lane(other));
        prop_assert_eq!(lane(one), format!("poll:{poll}"));
    }

    #[test]
    fn numbers_that_no_double_holds_name_no_chat_and_no_person(
        id in prop_oneof![i64::MIN..=-(1 << 53), (1_i64 << 53)..=i64::MAX],
    ) {
        let update = parsed(&json!({"update_id": 1, "message": {"chat": {"id": id}, "from": {"id": id}}}));
        prop_assert!(update.chat().is_none() && update.person().is_none());
        prop_assert_eq!(update.lane(), "update:1");
    }
}

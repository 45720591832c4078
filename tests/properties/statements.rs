//! The statements on a real `SQLite`: any text in any place comes back unchanged, and the tables survive it.

use std::rc::Rc;

use onehook::delivery::inbox::State;
use onehook::delivery::outbox::PlannedCall;
use onehook::inbox::{Claimed, Committed, Inbox, Queued, Reach, Recorded};
use onehook::json::text_of;
use onehook::plan::{OnAmbiguity, Plan};
use onehook::session::Session;
use onehook::telegram::ids::{BotId, UpdateId};
use onehook::telegram::update::Update;
use onehook::telegram::webhook_info::WantedWebhook;
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::properties::given;
use crate::sqlite_database::SqliteDatabase;
use crate::test_bot::START;

/// Texts that somebody who hopes for unbound parameters would send, and any others.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "(['\"); ]{1,3}(DROP TABLE|DELETE FROM|UPDATE) (inbox|session|webhook)(; ?|--|/\\*)?){1,2}",
        "[?:@$][0-9a-z]{1,3}( OR 1=1)?",
        given::text(),
    ]
}

fn database() -> SqliteDatabase {
    SqliteDatabase::new(Rc::new(|| START))
}

fn inbox(database: &SqliteDatabase) -> Inbox<&SqliteDatabase> {
    Inbox::new(database, BotId(4242), Rc::default())
}

fn parsed(update: &Value) -> Update {
    Update::parse(update.to_string().as_bytes()).unwrap()
}

fn message(update_id: i64, text: &str) -> Update {
    parsed(
        &json!({"update_id": update_id, "message": {"text": text, "chat": {"id": 5}, "from": {"id": 5, "first_name": text}}}),
    )
}

fn record(inbox: &Inbox<&SqliteDatabase>, update: Update) -> Claimed {
    match block_on(inbox.record(update, None)).unwrap() {
        Recorded::Ours(claimed, _) => claimed,
        other => panic!("{other:?}"),
    }
}

fn tables(database: &SqliteDatabase) -> String {
    database
        .value("SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)")
}

proptest! {
    #[test]
    fn an_update_comes_back_as_it_was_recorded(text in hostile(), kind in hostile(), id in given::id(), chat in given::chat()) {
        prop_assume!(kind != "update_id");
        let database = database();
        let (inbox, before) = (inbox(&database), tables(&database));
        let body = json!({"update_id": id, &kind: {"text": text, "chat": {"id": chat, "type": text}}});
        record(&inbox, parsed(&body));
        let shown = block_on(inbox.show(UpdateId(id))).unwrap().unwrap();
        let stored: Value = serde_json::from_str(shown.body.unwrap().get()).unwrap();
        prop_assert_eq!(stored, body);
        prop_assert_eq!((shown.kind, shown.lane), (kind, chat.to_string()));
        prop_assert_eq!(shown.chat_id.map(|id| id.0), Some(chat));
        prop_assert_eq!(tables(&database), before);
    }

    #[test]
    fn a_lane_of_any_name_is_held_by_its_first_update(poll in hostile()) {
        let database = database();
        let inbox = inbox(&database);
        let update = |id: i64| parsed(&json!({"update_id": id, "poll": {"id": poll}}));
        let first = record(&inbox, update(1));
        prop_assert_eq!(&first.lane, &format!("poll:{poll}"));
        let second = block_on(inbox.record(update(2), None)).unwrap();
        prop_assert!(matches!(second, Recorded::Waiting));
        let next = block_on(inbox.commit(&first, &[], false, None, Reach::Lane)).unwrap();
        let Committed::Yes { next: Some(next), .. } = next else { panic!("{next:?}") };
        prop_assert_eq!(next.update.unwrap().id.0, 2);
    }

    #[test]
    fn a_session_of_any_key_comes_back_as_it_was_committed(key in hostile(), part in hostile(), value in given::value()) {
        let database = database();
        let (inbox, before) = (inbox(&database), tables(&database));
        let claimed = record(&inbox, message(1, "x"));
        let mut session = Session::default();
        session.write(&part, &value);
        let committed = block_on(inbox.commit(&claimed, &[], false, Some((&key, &session)), Reach::Nothing)).unwrap();
        let is_committed = matches!(committed, Committed::Yes { .. });
        prop_assert!(is_committed);
        let stored = block_on(inbox.load_session(&key)).unwrap();
        prop_assert_eq!(stored.read::<Value>(&part), value);
        prop_assert_eq!(stored.version(), 1);
        let other = block_on(inbox.load_session(&format!("{key}x"))).unwrap();
        prop_assert_eq!(other.version(), 0, "nobody else's");
        prop_assert_eq!(tables(&database), before);
    }

    #[test]
    fn a_plan_comes_back_as_it_was_committed(method in hostile(), text in hostile(), name in hostile()) {
        let database = database();
        let (inbox, before) = (inbox(&database), tables(&database));
        let claimed = record(&inbox, message(1, "x"));
        let mut plan = Plan::new();
        plan.call_raw(&method, &json!({ &name: text }), OnAmbiguity::Park);
        let mut call = PlannedCall::new(plan.calls()[0].clone());
        call.begin();
        block_on(inbox.commit(&claimed, std::slice::from_ref(&call), false, None, Reach::Nothing)).unwrap();
        let shown = block_on(inbox.show(UpdateId(1))).unwrap().unwrap();
        let shown = shown.calls.unwrap();
        prop_assert_eq!(shown.get(), format!("[{}]", text_of(&call)));
        prop_assert_eq!(tables(&database), before);
    }

    #[test]
    fn a_body_that_is_no_update_comes_back_with_its_reason(
        body in prop_oneof![hostile().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..40)], why in hostile(),
    ) {
        let database = database();
        let (inbox, before) = (inbox(&database), tables(&database));
        let id = block_on(inbox.quarantine(&body, &why)).unwrap();
        prop_assert!(id.0 < 0, "never the number of an update");
        prop_assert_eq!(block_on(inbox.quarantine(&body, &why)).unwrap(), id, "once, however often it comes");
        prop_assert_eq!(database.value("SELECT count(*) FROM inbox"), "1");
        let stored = database.value("SELECT body FROM inbox");
        match String::from_utf8(body.clone()) {
            Ok(text) if !text.contains('\0') => prop_assert_eq!(stored, text),
            _ => prop_assert_eq!(stored, onehook::secret::hex(&body)),
        }
        let shown = block_on(inbox.show(id)).unwrap().unwrap();
        prop_assert_eq!((shown.error, shown.state), (Some(why), State::Quarantined));
        prop_assert_eq!(tables(&database), before);
    }

    #[test]
    fn what_went_wrong_comes_back_word_for_word(error in hostile(), is_the_end in any::<bool>()) {
        let database = database();
        let inbox = inbox(&database);
        let claimed = record(&inbox, message(1, "x"));
        if is_the_end {
            block_on(inbox.end(&claimed, State::Dead, &error, Reach::Nothing)).unwrap();
        } else {
            block_on(inbox.release(&claimed, 0, &error)).unwrap();
        }
        let listed = block_on(inbox.list(None, i64::from(u32::MAX), 10)).unwrap();
        prop_assert_eq!(listed.len(), 1);
        prop_assert_eq!(listed[0].error.as_ref(), Some(&error));
        prop_assert_eq!(listed[0].state, if is_the_end { State::Dead } else { State::Stored });
    }

    #[test]
    fn the_operators_wish_comes_back_as_it_was(url in hostile(), username in hostile(), kinds in prop::collection::vec(hostile(), 0..3)) {
        let database = database();
        let (inbox, before) = (inbox(&database), tables(&database));
        let wanted = WantedWebhook { url, max_connections: 7, allowed_updates: kinds, ip_address: Some(username.clone()) };
        block_on(inbox.remember_wanted(&wanted, Some(&username))).unwrap();
        let record = block_on(inbox.webhook()).unwrap();
        prop_assert_eq!(record.wanted, Some(wanted));
        prop_assert_eq!(record.username, Some(username));
        prop_assert_eq!(tables(&database), before);
    }

    #[test]
    fn the_same_bytes_are_kept_once_and_other_bytes_besides(text in hostile(), other in hostile(), times in 1_usize..4) {
        let database = database();
        let inbox = inbox(&database);
        for _ in 0..times {
            block_on(inbox.record(message(1, &text), None)).unwrap();
        }
        prop_assert_eq!(database.value("SELECT count(*) FROM inbox"), "1");
        block_on(inbox.record(message(1, &other), None)).unwrap();
        let expected = if text == other { "1" } else { "2" };
        prop_assert_eq!(database.value("SELECT count(*) FROM inbox"), expected);
    }

    #[test]
    fn many_updates_at_once_are_kept_as_if_they_had_come_alone(texts in prop::collection::vec(hostile(), 1..5)) {
        let (one_database, other_database) = (database(), database());
        let (one, other) = (inbox(&one_database), inbox(&other_database));
        let updates = || texts.iter().zip(1..).map(|(text, id)| message(id, text));
        let queued: Vec<Queued> = updates().map(|update| Queued { update, age_ms: 0 }).collect();
        block_on(one.record_many(&queued)).unwrap();
        for update in updates() {
            block_on(other.record(update, None)).unwrap();
        }
        let kept = "SELECT group_concat(quote(update_id) || sha256 || quote(kind) || quote(lane) || quote(chat_id) || useful_until || quote(body)) FROM inbox";
        prop_assert_eq!(one_database.value(kept), other_database.value(kept));
    }

    #[test]
    fn pages_hold_every_update_once_and_the_newest_first(count in 0_i64..12, limit in 1_i64..5) {
        let database = database();
        let inbox = inbox(&database);
        for id in 0..count {
            block_on(inbox.record(message(id, "x"), None)).unwrap();
        }
        let (mut before, mut seen) = (i64::from(u32::MAX), Vec::new());
        loop {
            let page = block_on(inbox.list(None, before, limit)).unwrap();
            let Some(last) = page.last() else { break };
            before = last.seq;
            seen.extend(page.iter().map(|update| update.update_id.0));
        }
        prop_assert_eq!(seen, (0..count).rev().collect::<Vec<_>>());
    }

    #[test]
    fn whoever_lost_the_row_changes_nothing(text in hostile(), steps_behind in 1_i64..3) {
        let database = database();
        let inbox = inbox(&database);
        let mut late = record(&inbox, message(1, "x"));
        let row = "SELECT state || fence || quote(plan) || quote(error) FROM inbox";
        late.fence -= steps_behind;
        let before = database.value(row);
        let committed = block_on(inbox.commit(&late, &[], false, None, Reach::Nothing)).unwrap();
        prop_assert!(matches!(committed, Committed::No));
        block_on(inbox.end(&late, State::Dead, &text, Reach::Nothing)).unwrap();
        block_on(inbox.release(&late, 0, &text)).unwrap();
        prop_assert_eq!(database.value(row), before);
    }
}

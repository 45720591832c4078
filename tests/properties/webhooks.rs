//! The webhook: a wish that came true differs in nothing, and whatever Telegram answers is read field by field.

use onehook::json::text_of;
use onehook::telegram::webhook_info::{WantedWebhook, WebhookInfo};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::properties::given;

prop_compose! {
    fn wanted()(
        url in "https://[a-z]{1,9}\\.[a-z]{2}/[a-z]{0,9}", max_connections in 1..101_i64,
        allowed_updates in prop::collection::btree_set("[a-z_]{1,12}", 0..5), ip_address in prop::option::of("[1-9]\\.[1-9]\\.[1-9]\\.[1-9]"),
    ) -> WantedWebhook {
        let allowed_updates = allowed_updates.into_iter().collect();
        WantedWebhook { url, max_connections, allowed_updates, ip_address }
    }
}

/// What Telegram answers when the wish has come true.
fn come_true(wanted: &WantedWebhook) -> Value {
    let ip_address = wanted.ip_address.as_deref().unwrap_or("149.154.167.220");
    json!({
        "url": wanted.url, "max_connections": wanted.max_connections, "allowed_updates": wanted.allowed_updates,
        "ip_address": ip_address, "pending_update_count": 3, "has_custom_certificate": false,
    })
}

fn fields(wanted: &WantedWebhook, actual: &Value) -> Vec<&'static str> {
    let actual = WebhookInfo::of(&actual.to_string()).unwrap();
    let differences = wanted.differences(&actual);
    differences
        .iter()
        .map(|difference| difference.field)
        .collect()
}

proptest! {
    #[test]
    fn a_wish_survives_being_written_down(wanted in wanted(), url in given::text()) {
        let wanted = WantedWebhook { url, ..wanted };
        prop_assert_eq!(WantedWebhook::of(&text_of(&wanted)), Some(wanted));
    }

    #[test]
    fn a_wish_that_came_true_differs_in_nothing_whatever_the_order_of_kinds(wanted in wanted(), turn in any::<Index>()) {
        let mut actual = come_true(&wanted);
        prop_assert_eq!(fields(&wanted, &actual), Vec::<&str>::new());
        let kinds = actual["allowed_updates"].as_array_mut().unwrap();
        if !kinds.is_empty() {
            let place = turn.index(kinds.len());
            kinds.rotate_left(place);
        }
        prop_assert_eq!(fields(&wanted, &actual), Vec::<&str>::new());
    }

    #[test]
    fn each_field_that_differs_is_named_and_no_other(
        wanted in wanted(), changes in prop::array::uniform4(any::<bool>()),
    ) {
        let mut actual = come_true(&wanted);
        let [url, max_connections, allowed_updates, ip_address] = changes;
        let mut expected = Vec::new();
        let mut change = |really: bool, name: &'static str, value: Value| {
            if really {
                actual[name] = value;
                expected.push(name);
            }
        };
        change(url, "url", json!("https://somebody.else/"));
        change(max_connections, "max_connections", json!(wanted.max_connections % 100 + 1));
        change(allowed_updates, "allowed_updates", json!(["SOMETHING ELSE"]));
        let other = wanted.ip_address.as_deref().map_or("", |wanted| if wanted == "8.8.4.4" { "1.1.1.1" } else { "8.8.4.4" });
        change(ip_address && wanted.ip_address.is_some(), "ip_address", json!(other));
        prop_assert_eq!(fields(&wanted, &actual), expected);
    }

    #[test]
    fn no_webhook_differs_from_a_wish_in_its_address_alone(wanted in wanted(), count in any::<i64>()) {
        let none = json!({"url": "", "pending_update_count": count, "has_custom_certificate": false});
        prop_assert_eq!(fields(&wanted, &none), vec!["url"]);
        let nothing = WantedWebhook::none(&wanted.allowed_updates, wanted.max_connections);
        prop_assert_eq!(fields(&nothing, &none), Vec::<&str>::new());
        prop_assert_eq!(fields(&nothing, &come_true(&wanted)), vec!["url"]);
    }

    #[test]
    fn a_field_of_another_shape_is_one_missing_field(wanted in wanted(), place in 0_usize..6, odd in given::value()) {
        let mut actual = come_true(&wanted);
        let names = ["url", "max_connections", "allowed_updates", "ip_address", "pending_update_count", "last_error_date"];
        let name = names[place];
        let usable = match name {
            "url" | "ip_address" => odd.is_string(),
            "allowed_updates" => odd.is_array(),
            _ => odd.is_i64(),
        };
        let odd = if usable { json!({"odd": odd}) } else { odd };
        actual[name] = odd;
        let with_odd = WebhookInfo::of(&actual.to_string()).unwrap();
        actual.as_object_mut().unwrap().remove(name);
        let without = WebhookInfo::of(&actual.to_string()).unwrap();
        prop_assert_eq!(with_odd, without);
    }

    #[test]
    fn whatever_is_no_object_is_no_answer(value in given::value()) {
        let value = if value.is_object() { json!([value]) } else { value };
        prop_assert!(WebhookInfo::of(&value.to_string()).is_err());
        prop_assert!(WantedWebhook::of(&value.to_string()).is_none());
    }
}

//! Replies: one shape for every error, and a status that Telegram understands.

use onehook::reply::{Complaint, Format, Reply};
use onehook::routes::misconfigured;
use onehook::webhook::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::phrases::english;
use crate::properties::given;

/// A text without an end of a line.
fn line() -> impl Strategy<Value = String> {
    given::text().prop_map(|text| text.replace('\n', " "))
}

proptest! {
    #[test]
    fn every_error_has_the_same_shape_for_programs(status in 400_u16..600, what in line(), why in given::text(), remedy in line()) {
        let complaint = Complaint::new([&*what, &why, &remedy].join("\n"));
        let reply = Reply::error(status, &complaint, Format::Json);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        prop_assert_eq!(reply.status, status);
        prop_assert_eq!(reply.headers, vec![("content-type", "application/json".to_owned())]);
        prop_assert_eq!(body, json!({"error": {"what": what, "why": why, "remedy": remedy}}));
    }

    #[test]
    fn every_error_says_what_why_and_what_to_do_to_people(texts in prop::array::uniform3("[a-z `]{1,20}[a-z]")) {
        let [what, why, remedy] = texts;
        let reply = Reply::error(400, &Complaint::new([&*what, &why, &remedy].join("\n")), Format::Text);
        prop_assert_eq!(reply.body, format!("{what}: {why}\n→ {remedy}\n"));
        prop_assert_eq!(&reply.headers[0].1, "text/plain; charset=utf-8");
    }

    #[test]
    fn an_incomplete_deployment_says_all_that_is_missing_and_when_to_come_back(whats in prop::collection::vec(line(), 0..5)) {
        let complaints: Vec<Complaint> = whats.iter().map(|what| Complaint::new([what, "why", "do"].join("\n"))).collect();
        let reply = misconfigured(&complaints, english());
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        let told: Vec<&str> = body["complaints"].as_array().unwrap().iter().map(|complaint| complaint["what"].as_str().unwrap()).collect();
        prop_assert_eq!(told, whats);
        prop_assert_eq!(reply.status, 503);
        prop_assert!(reply.headers.contains(&("retry-after", "60".to_owned())));
    }

    #[test]
    fn telegram_comes_back_after_five_to_ten_seconds(now_ms in any::<i64>()) {
        let reply = Verdict::Unavailable.reply(now_ms);
        prop_assert_eq!(reply.status, 503);
        let seconds: i64 = reply.headers[0].1.parse().unwrap();
        prop_assert!((5..=10).contains(&seconds));
    }

    #[test]
    fn no_verdict_is_410_and_none_but_one_says_anything(now_ms in any::<i64>(), call in given::text()) {
        let verdicts = [
            Verdict::Refused, Verdict::TooLarge, Verdict::Unavailable, Verdict::Quarantined, Verdict::Waiting, Verdict::Repeated,
            Verdict::Done, Verdict::Expired, Verdict::Dead,
        ];
        for verdict in verdicts {
            let reply = verdict.reply(now_ms);
            prop_assert!([200, 401, 413, 503].contains(&reply.status));
            prop_assert_eq!(reply.body, "");
        }
        let reply = Verdict::Answered(call.clone()).reply(now_ms);
        prop_assert_eq!((reply.status, reply.body), (200, call));
    }
}

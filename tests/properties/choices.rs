//! Settings: good values are taken as they are, and each bad one is complained about by name, with a remedy.

use onehook::language::Language;
use onehook::reply::Complaint;
use onehook::settings::Settings;
use proptest::prelude::*;

use crate::fuzzing::choices::{VARIABLES, check_settings};
use crate::phrases::english;

const GOOD: [(&str, &str); 2] = [
    (
        "TELEGRAM_BOT_TOKEN",
        "4242:AAF_a-token-as-BotFather-makes-them",
    ),
    ("ADMIN_TOKEN", "0123456789abcdef0123456789abcdef"),
];

/// One bad value for each variable.
const BAD: [&str; 11] = [
    "no token",
    "short",
    "hooks.example.com",
    "http://api.example.com",
    "example.com",
    "@ada",
    "Message",
    "101",
    "yes",
    "24",
    "fr",
];

fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<Complaint>> {
    let settings = Settings::read(
        |name| {
            let mut all = variables.iter().chain(&GOOD);
            let found = all.find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        },
        english(),
    );
    settings.inspect(check_settings)
}

/// The only complaint there is, which must be about a certain variable.
#[track_caller]
fn complaint(name: &str, value: &str) -> Complaint {
    let complaints = read(&[(name, value)]).unwrap_err();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    let complaint = complaints.into_iter().next().unwrap();
    let [what, why, remedy] = complaint.parts();
    assert_eq!(what, format!("`{name}` cannot be used"));
    assert!(!why.is_empty() && remedy.len() > 10);
    complaint
}

fn secret_characters() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{1,50}"
}

proptest! {
    #[test]
    fn a_number_is_taken_in_its_range_and_refused_outside(number in -200_i64..400, other in "[0-9]{0,3}[a-z.,][0-9]{0,3}") {
        for (name, range) in [("MAX_CONNECTIONS", 1..=100), ("KEEP_HOURS", 25..=167)] {
            let text = number.to_string();
            if range.contains(&number) {
                let settings = read(&[(name, &text)]).unwrap();
                let taken = if name == "KEEP_HOURS" { settings.keep_hours } else { settings.max_connections };
                prop_assert_eq!(taken, number);
            } else {
                let complaint = complaint(name, &text);
                let remedy = format!("from {} to {}", range.start(), range.end());
                prop_assert!(complaint.parts()[2].contains(&remedy));
            }
            complaint(name, &other);
        }
    }

    #[test]
    fn an_admin_token_is_long_enough_or_complained_about_without_being_shown(token in "[!-~]{1,64}") {
        if token.len() >= 32 {
            let settings = read(&[("ADMIN_TOKEN", &token)]).unwrap();
            prop_assert!(onehook::secret::matches(&token, &[settings.admin]));
        } else {
            let complaint = complaint("ADMIN_TOKEN", &token);
            prop_assert!(token.len() < 8 || !complaint.lines().contains(&token));
        }
    }

    #[test]
    fn a_bot_token_says_which_bot_it_is(bot in 1_i64..1 << 53, secret in secret_characters()) {
        let token = format!("{bot}:{secret}");
        let settings = read(&[("TELEGRAM_BOT_TOKEN", &token)]).unwrap();
        prop_assert_eq!(settings.bot.0, bot);
        prop_assert_eq!(settings.token.expose(), token);
    }

    #[test]
    fn a_token_of_another_shape_is_complained_about_without_being_shown(
        bot in "0|-1|a1|1a|9007199254740992|00[0-9]{3}||1_000|\\+5", secret in secret_characters(), odd in "[ !#%/@.]",
    ) {
        for token in [format!("{bot}:{secret}"), format!("4242:{secret}{odd}x"), format!("4242{secret}"), "4242:".to_owned()] {
            let complaint = complaint("TELEGRAM_BOT_TOKEN", &token);
            prop_assert!(secret.len() < 8 || !complaint.lines().contains(&secret));
        }
    }

    #[test]
    fn owners_are_listed_in_any_form(owners in prop::collection::vec(1_i64..1 << 52, 0..5), divider in ",|, | ,|  ") {
        let texts: Vec<String> = owners.iter().map(i64::to_string).collect();
        let settings = read(&[("OWNER_IDS", &texts.join(&divider))]).unwrap();
        let read: Vec<i64> = settings.owners.iter().map(|owner| owner.0).collect();
        prop_assert_eq!(read, owners);
    }

    #[test]
    fn an_owner_who_is_no_number_is_named(owner in "[a-z@_-][a-z0-9_]{0,9}|0|-[0-9]{1,5}|1\\.5", good in 1_i64..99) {
        let list = format!("{good},{owner}");
        let complaint = complaint("OWNER_IDS", &list);
        let named = format!("`{owner}`");
        prop_assert!(complaint.parts()[1].contains(&named));
    }

    #[test]
    fn kinds_of_updates_are_taken_as_they_are_written(kinds in prop::collection::vec("[a-z_]{1,64}", 1..6)) {
        let settings = read(&[("ALLOWED_UPDATES", &kinds.join(", "))]).unwrap();
        prop_assert_eq!(settings.allowed_updates, kinds);
    }

    #[test]
    fn a_kind_that_cannot_be_one_is_named(kind in "[a-z]{0,3}[A-Z0-9.\"'я-][a-z]{0,3}|[a-z]{65,70}") {
        let list = format!("message,{kind}");
        let complaint = complaint("ALLOWED_UPDATES", &list);
        let named = format!("`{kind}`");
        prop_assert!(complaint.parts()[1].contains(&named));
    }

    #[test]
    fn a_switch_is_true_or_false(text in "true|false|True|1|0|yes|on|[a-z]{1,6}") {
        match text.as_str() {
            "true" | "false" => {
                let settings = read(&[("ANSWER_IN_RESPONSE", &text)]).unwrap();
                prop_assert_eq!(settings.answer_in_response, text == "true");
            }
            _ => drop(complaint("ANSWER_IN_RESPONSE", &text)),
        }
    }

    #[test]
    fn a_language_is_one_of_ours_in_any_region(tag in "[a-z]{2,3}", region in "|-[A-Z]{2}|_[a-z]{2}") {
        let text = format!("{tag}{region}");
        match tag.as_str() {
            "en" | "uk" => {
                let settings = read(&[("LANGUAGE", &text)]).unwrap();
                prop_assert_eq!(settings.language.tag(), tag);
            }
            _ => drop(complaint("LANGUAGE", &text)),
        }
    }

    #[test]
    fn tokens_travel_over_https_or_stay_on_this_machine(
        host in "[a-z]{1,9}\\.[a-z]{2,5}", local in "localhost|127\\.0\\.0\\.[1-9]|\\[::1\\]", port in 1_u16.., slashes in "/{0,3}",
    ) {
        for name in ["TELEGRAM_API_ROOT", "PUBLIC_URL"] {
            let root = format!("https://{host}:{port}");
            let address = format!("{root}{slashes}");
            let settings = read(&[(name, &address)]).unwrap();
            let taken = if name == "PUBLIC_URL" { settings.public_url } else { Some(settings.api_root) };
            prop_assert_eq!(taken, Some(root));
            let address = format!("http://{local}:{port}{slashes}");
            prop_assert!(read(&[(name, &address)]).is_ok());
            for trick in [format!("http://{host}"), format!("http://{local}.{host}/"), format!("http://{local}@{host}/"), host.clone()] {
                complaint(name, &trick);
            }
        }
    }

    #[test]
    fn everything_that_is_wrong_is_complained_about_at_once(are_bad in prop::array::uniform11(any::<bool>())) {
        let chosen = || VARIABLES.iter().zip(BAD).zip(are_bad).filter(|(_, is_bad)| *is_bad);
        let variables: Vec<(&str, &str)> = chosen().map(|((name, bad), _)| (*name, bad)).collect();
        let complaints = read(&variables).err().unwrap_or_default();
        let named: Vec<&str> = complaints.iter().map(|complaint| complaint.parts()[0].split('`').nth(1).unwrap()).collect();
        let expected: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
        prop_assert_eq!(named, expected);
    }

    #[test]
    fn space_around_a_value_changes_nothing_and_nothing_but_space_is_nothing(space in "[ \t\r\n]{1,4}") {
        for (name, value) in [("MAX_CONNECTIONS", "7"), ("LANGUAGE", "uk"), ("OWNER_IDS", "5"), ("PUBLIC_URL", "https://a.b")] {
            let spaced = format!("{space}{value}{space}");
            let (one, other) = (read(&[(name, value)]).unwrap(), read(&[(name, &spaced)]).unwrap());
            prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
            let (none, blank) = (read(&[]).unwrap(), read(&[(name, &space)]).unwrap());
            prop_assert_eq!(format!("{none:?}"), format!("{blank:?}"));
        }
    }

    #[test]
    fn the_values_of_a_sentence_are_put_in_as_they_are(values in prop::collection::vec("[a-z{}%$]{0,6}", 3)) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let filled = Language::English.fill("a {} b {} c {}.", "", &values);
        prop_assert_eq!(filled, format!("a {} b {} c {}.", values[0], values[1], values[2]));
    }
}

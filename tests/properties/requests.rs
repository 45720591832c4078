//! Requests: what a query says, which language a visitor speaks, and how long a body claims to be.

use onehook::language::Language;
use onehook::reply::Format;
use onehook::request::Request;
use proptest::prelude::*;

use crate::fuzzing::doors::encoded;
use crate::properties::given;

fn with_query(query: &str) -> Request {
    Request {
        query: query.to_owned(),
        ..Request::default()
    }
}

fn with_header(name: &'static str, value: &str) -> Request {
    Request {
        headers: vec![(name, value.to_owned())],
        ..Request::default()
    }
}

fn languages() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("(fr|de|en|uk|EN-gb|uk_UA|\\*|ukr|e)(;q=0\\.[0-9])?", 0..5)
}

fn ours(tag: &str) -> Option<Language> {
    let tag = tag.to_lowercase();
    let tag = tag
        .split([';', '-', '_'])
        .next()
        .unwrap_or_default()
        .to_owned();
    Language::ALL
        .into_iter()
        .find(|language| language.tag() == tag)
}

proptest! {
    #[test]
    fn a_parameter_comes_through_the_query_as_it_was(
        name in given::text(), value in given::text(), other in "[A-Z]{9}", all in any::<bool>(),
    ) {
        prop_assume!(name != other);
        let query = format!("{other}=1&{}={}&{other}", encoded(&name, all), encoded(&value, all));
        let read = with_query(&query).parameter(&name);
        prop_assert_eq!(read, Some(value).filter(|value| !value.is_empty()));
    }

    #[test]
    fn the_first_parameter_of_a_name_that_says_something_counts(values in prop::collection::vec("[a-z]{0,2}", 0..5)) {
        let pairs: Vec<String> = values.iter().map(|value| format!("x={value}")).collect();
        let read = with_query(&pairs.join("&")).parameter("x");
        prop_assert_eq!(read, values.into_iter().find(|value| !value.is_empty()));
    }

    #[test]
    fn a_parameter_that_is_not_there_is_none_whatever_the_query(query in "[a-z=&%+0-9]{0,30}") {
        prop_assert_eq!(with_query(&query).parameter("NOT THERE"), None);
    }

    #[test]
    fn a_percent_sign_without_two_digits_is_itself(text in "[g-z]{0,4}", digit in "[0-9a-f]?") {
        let query = format!("x=%{digit}{text}");
        prop_assert_eq!(with_query(&query).parameter("x"), Some(format!("%{digit}{text}")));
    }

    #[test]
    fn the_first_language_of_ours_is_spoken(tags in languages(), space in " {0,2}") {
        let header = tags.join(&format!(",{space}"));
        let expected = tags.iter().find_map(|tag| ours(tag));
        prop_assert_eq!(Language::from_accept_language(&header), expected);
        let request = with_header("accept-language", &header);
        for default in Language::ALL {
            prop_assert_eq!(request.language(default), expected.unwrap_or(default));
        }
    }

    #[test]
    fn a_language_that_is_asked_for_comes_before_that_of_the_browser(asked in "en|uk|UK-ua|fr|", tags in languages()) {
        let mut request = with_header("accept-language", &tags.join(","));
        let without = request.language(Language::Ukrainian);
        request.query = format!("lang={asked}");
        prop_assert_eq!(request.language(Language::Ukrainian), ours(&asked).unwrap_or(without));
    }

    #[test]
    fn a_length_is_announced_by_a_number(length in any::<u64>(), limit in any::<u32>(), odd in "[a-z-][0-9]{0,5}|[0-9]{1,5}[a-z,.]") {
        let limit = usize::try_from(limit).unwrap();
        let announced = with_header("content-length", &length.to_string());
        prop_assert_eq!(announced.announces_more_than(limit), length > limit as u64);
        prop_assert!(!with_header("content-length", &odd).announces_more_than(limit));
        prop_assert!(!Request::default().announces_more_than(0));
    }

    #[test]
    fn plain_text_is_for_those_who_ask_for_it(types in prop::collection::vec("text/html|application/json|\\*/\\*|text/plain(;q=0\\.5)?", 0..4)) {
        let request = with_header("accept", &types.join(", "));
        let asks = types.iter().any(|accepted| accepted.starts_with("text/plain"));
        prop_assert_eq!(request.format() == Format::Text, asks);
    }
}

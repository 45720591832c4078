//! Addresses for the webhook: what is taken is where Telegram can deliver.

use std::net::Ipv4Addr;

use onehook::telegram::address::{Reach, check_ip, check_url, is_on_this_machine};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fuzzing::choices::is_deliverable;

fn host() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}(\\.[a-z0-9_-]{1,8}){0,2}\\.[a-z]{2,6}"
        .prop_filter("a public name", |host| !host.ends_with(".localhost"))
}

fn port() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![443, 80, 88, 8443])
}

fn is_good(url: &str) -> bool {
    check_url(url, Reach::Public).is_ok()
}

proptest! {
    #[test]
    fn a_public_name_is_good_with_https_and_one_of_four_ports(
        host in host(), port in port(), path in "(/[!$-;=?-~]{0,20})?", person in "([a-z]{1,4}(:[a-z]{1,4})?@)?",
    ) {
        let url = format!("https://{person}{host}:{port}{path}");
        prop_assert_eq!(check_url(&url, Reach::Public), Ok(()));
        let url = format!("https://{person}{host}{path}");
        prop_assert_eq!(check_url(&url, Reach::Public), Ok(()));
        prop_assert!(is_deliverable(&url));
    }

    #[test]
    fn another_port_is_bad(host in host(), port in any::<u32>(), sign in "[+ 0]?") {
        let is_one_of_four = [443, 80, 88, 8443].contains(&port) && sign.is_empty();
        let url = format!("https://{host}:{sign}{port}/");
        prop_assert_eq!(is_good(&url), is_one_of_four);
    }

    #[test]
    fn another_scheme_is_bad(host in host(), scheme in "[a-z]{0,6}", divider in "://|:/|//|:") {
        let url = format!("{scheme}{divider}{host}/");
        prop_assert_eq!(is_good(&url), scheme == "https" && divider == "://");
        let reason = check_url(&url, Reach::Public).err().map(|bad| bad.to_string());
        prop_assert!(reason.is_none_or(|reason| reason.contains("https")));
    }

    #[test]
    fn a_character_that_no_address_has_is_bad_anywhere(host in host(), at in any::<Index>(), odd in "[\\x00-\\x20\\x7f#]") {
        let mut url = format!("https://{host}/webhook");
        url.insert_str(at.index(url.len() + 1), &odd);
        prop_assert!(!is_good(&url));
    }

    #[test]
    fn an_ip_address_is_good_if_it_is_public(address in any::<u32>(), near in prop::sample::select(vec![10_u32, 100, 127, 169, 172, 192, 198, 203, 224, 8])) {
        for address in [address, (near << 24) | (address & 0x00ff_ffff)] {
            let address = Ipv4Addr::from(address).to_string();
            let url = format!("https://{address}/");
            prop_assert_eq!(check_ip(&address, Reach::Public).is_ok(), is_deliverable(&url));
            prop_assert_eq!(is_good(&url), is_deliverable(&url));
        }
    }

    #[test]
    fn another_spelling_of_an_ip_address_is_none(parts in prop::array::uniform4(any::<u8>()), at in 0_usize..4, odd in "\\+|0|0x| |-") {
        let mut parts = parts.map(|part| part.to_string());
        parts[at].insert_str(0, &odd);
        let address = parts.join(".");
        prop_assert!(check_ip(&address, Reach::Public).is_err());
        let url = format!("https://{address}/");
        prop_assert!(!is_good(&url));
    }

    #[test]
    fn telegram_delivers_to_no_ipv6(address in any::<u128>(), port in port()) {
        let address = std::net::Ipv6Addr::from(address).to_string();
        let url = format!("https://[{address}]:{port}/");
        prop_assert!(!is_good(&url));
        prop_assert!(check_ip(&address, Reach::Public).is_err());
    }

    #[test]
    fn this_machine_is_good_only_where_the_bot_api_runs_on_it(last in prop::array::uniform3(any::<u8>()), port in 1_u16.., name in "localhost|\\[::1\\]|ip") {
        let [b, c, d] = last;
        let host = if name == "ip" { format!("127.{b}.{c}.{d}") } else { name };
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/webhook");
            prop_assert_eq!(check_url(&url, Reach::Loopback), Ok(()));
            prop_assert!(!is_good(&url));
            prop_assert!(is_on_this_machine(&url));
        }
    }

    #[test]
    fn whatever_is_taken_is_deliverable(url in "(https?:/?/?)?[a-z0-9.@:/?\\[\\]\\\\%_я+ -]{0,24}(:443|:80)?(/[a-z]*)?") {
        if is_good(&url) {
            prop_assert!(is_deliverable(&url), "{}", url);
        }
    }

    #[test]
    fn an_address_is_as_long_as_telegram_can_ask_for(length in 2000_usize..2100) {
        let url = format!("https://bot.example.com/{}", "x".repeat(length - 24));
        prop_assert_eq!(url.len(), length);
        prop_assert_eq!(is_good(&url), length <= 2048);
    }
}

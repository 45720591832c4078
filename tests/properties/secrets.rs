//! Secrets: they match if they are equal, and are never printed.

use onehook::secret::{Secret, hex, matches, sha256};
use proptest::prelude::*;

use crate::properties::given;

proptest! {
    #[test]
    fn a_secret_matches_if_and_only_if_it_is_one_of_those_accepted(
        accepted in prop::collection::vec("[ab]{0,3}", 0..5), presented in "[ab]{0,3}",
    ) {
        let digests: Vec<_> = accepted.iter().map(|secret| Secret::new(secret.clone()).digest()).collect();
        prop_assert_eq!(matches(&presented, &digests), accepted.contains(&presented));
    }

    #[test]
    fn one_wrong_bit_is_enough(secret in "[A-Za-z0-9_-]{64}", at in 0_usize..64, bit in 0_u32..7) {
        let mut bytes = secret.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        let wrong = String::from_utf8(bytes).unwrap();
        let accepted = [Secret::new(secret.clone()).digest()];
        prop_assert!(matches(&secret, &accepted));
        prop_assert!(!matches(&wrong, &accepted));
        prop_assert!(!matches(&secret[..at], &accepted));
    }

    #[test]
    fn hexadecimal_digits_say_which_bytes_they_were(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let digits = hex(&bytes);
        let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let again: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        prop_assert_eq!(again, bytes);
        prop_assert_eq!(digits.to_lowercase(), digits);
    }

    #[test]
    fn two_bodies_have_one_digest_only_if_they_are_equal(one in "[ab]{0,4}", other in "[ab]{0,4}") {
        prop_assert_eq!(sha256(one.as_bytes()) == sha256(other.as_bytes()), one == other);
    }

    #[test]
    fn a_secret_is_never_printed(secret in given::text()) {
        let printed = format!("{:?} {:#?}", Secret::new(secret.clone()), [Secret::new(secret)]);
        prop_assert_eq!(printed, "Secret(…) [\n    Secret(…),\n]");
    }
}

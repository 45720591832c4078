#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| onehook_fuzz::fuzzing::doctor::doctor_error(data));

// What onehook says to operators and owners: the name of each phrase, then English and Ukrainian. Each `{}` takes a value, in order.
// tests/phrases.rs reads the object as JSON and checks it against the sources.

const phrases = {
  "admin.token_accepted": ["Token accepted: @{}", "Токен прийнято: @{}"]
};

export function phrase(name, tag) {
  return phrases[name]?.[tag === "uk" ? 1 : 0];
}

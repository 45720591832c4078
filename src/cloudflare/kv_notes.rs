//! Workers KV as our notes.

use worker::kv::KvStore;

use crate::notes::Notes;

/// The binding `KV`.
pub(crate) struct KvNotes(pub(crate) KvStore);

impl Notes for KvNotes {
    async fn read(&self, key: &str) -> Option<String> {
        self.0.get(key).text().await.ok().flatten()
    }

    async fn write(&self, key: &str, text: &str, seconds: u64) {
        if let Ok(put) = self.0.put(key, text) {
            // The note is a copy; whoever misses it asks at the source again.
            let _ = put.expiration_ttl(seconds).execute().await;
        }
    }
}

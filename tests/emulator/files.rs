//! Photos and documents: sent by id, by URL or as an upload, and fetched again by getFile.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::arguments::Arguments;
use super::formatting;
use super::telegram::Telegram;

const DOWNLOAD_BYTES_MAX: usize = 20 << 20;
const CAPTION_UNITS_MAX: usize = 1024;

impl Telegram {
    /// sendPhoto and sendDocument; `kind` names the argument.
    pub(super) fn send_file(
        &mut self,
        bot: usize,
        arguments: &Arguments,
        kind: &str,
    ) -> Result<Value, Refusal> {
        let file = self.file_argument(arguments, kind)?;
        let chat = self.chat_to_write_to(bot, arguments)?;
        let mut content = self.file_content(kind, file);
        let caption = arguments.text("caption");
        if !caption.is_empty() {
            let formatted = formatting::read(caption, arguments.text("parse_mode"))?;
            if formatting::length(&formatted.text) > CAPTION_UNITS_MAX {
                return Err(Refusal::bad_request("message caption is too long"));
            }
            content["caption"] = json!(formatted.text);
            if !formatted.entities.is_empty() {
                content["caption_entities"] = json!(formatted.entities);
            }
        }
        self.send(bot, chat, arguments, content)
    }

    /// The place of the file that a call sends. A URL is not fetched: its file is empty.
    fn file_argument(&mut self, arguments: &Arguments, kind: &str) -> Result<usize, Refusal> {
        if let Some(upload) = arguments.upload(kind) {
            if upload.bytes.is_empty() {
                return Err(Refusal::bad_request("file must be non-empty"));
            }
            return Ok(self
                .chats
                .keep_file(kind, None, &upload.file_name, &upload.bytes));
        }
        let text = arguments.text(kind);
        if text.is_empty() {
            return Err(Refusal::bad_request(&format!(
                "there is no {kind} in the request"
            )));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let name = text.rsplit('/').next().unwrap_or(text);
            return Ok(self.chats.keep_file(kind, None, name, &[]));
        }
        let known = self.chats.files.iter().position(|file| file.id == text);
        known.ok_or_else(|| Refusal::bad_request("wrong file identifier/HTTP URL specified"))
    }

    /// The part of a message that shows a file; a photo comes in two sizes.
    pub(super) fn file_content(&self, kind: &str, position: usize) -> Value {
        let file = &self.chats.files[position];
        let shown = json!({"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.bytes.len()});
        if kind == "document" {
            let mut document = shown;
            document["file_name"] = json!(file.name);
            return json!({"document": document});
        }
        let sized = |width: u64, height: u64| {
            let mut size = shown.clone();
            size["width"] = json!(width);
            size["height"] = json!(height);
            size
        };
        json!({"photo": [sized(90, 67), sized(800, 600)]})
    }

    pub(super) fn get_file(&self, arguments: &Arguments) -> Result<Value, Refusal> {
        let id = arguments.text("file_id");
        if id.is_empty() {
            return Err(Refusal::bad_request("file_id not specified"));
        }
        let found = self.chats.files.iter().find(|file| file.id == id);
        let file = found.ok_or_else(|| Refusal::bad_request("invalid file_id"))?;
        if file.bytes.len() > DOWNLOAD_BYTES_MAX {
            return Err(Refusal::bad_request("file is too big"));
        }
        Ok(json!({
            "file_id": file.id,
            "file_unique_id": file.unique_id,
            "file_size": file.bytes.len(),
            "file_path": file.path,
        }))
    }
}

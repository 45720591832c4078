//! The outside world as handlers see it, behind the app's ports.

use crate::app::App;
use crate::doctor;
use crate::inbox::InboxError;
use crate::inbox::database::Database;
use crate::inbox::listing::StateCount;
use crate::language::Language;
use crate::notes::Notes;
use crate::phrases::Voice;
use crate::telegram::refusal::CallError;
use crate::telegram::transport::{Answer, Outgoing, Transport, Unreachable};
use crate::visit::{Boxed, Outside};

impl<D: Database, T: Transport, N: Notes> Outside for App<D, T, N> {
    fn ask(
        &self,
        method: &'static str,
        parameters: String,
    ) -> Boxed<'_, Result<String, CallError>> {
        Box::pin(async move { self.telegram.call_raw(method, &parameters).await })
    }

    fn fetch(&self, request: Outgoing) -> Boxed<'_, Result<Answer, Unreachable>> {
        Box::pin(self.telegram.transport().carry(request))
    }

    fn download(&self, file_path: String) -> Boxed<'_, Result<Answer, Unreachable>> {
        Box::pin(async move { self.telegram.download(&file_path).await })
    }

    fn count_updates(&self) -> Boxed<'_, Result<Vec<StateCount>, InboxError>> {
        Box::pin(self.inbox.count())
    }

    fn examine(&self, language: Language) -> Boxed<'_, String> {
        Box::pin(doctor::summary(self, Voice::new(language, self.phrases)))
    }
}

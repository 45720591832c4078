//! Alerts: what happened is counted in the trip in which it happens, and told to the owners through the inbox itself.

use crate::alert::Alert;
use crate::delivery::outbox::PlannedCall;
use crate::inbox::database::Database;
use crate::inbox::{Inbox, InboxError, statement};
use crate::json::list_of;

/// Something the owners were not told yet.
#[derive(Debug)]
pub struct Untold {
    /// What it is.
    pub alert: Alert,
    /// How often it happened.
    pub count: i64,
    /// How many of these the owners know of.
    pub told: i64,
    /// The update it happened to last.
    pub update: i64,
}

impl<D: Database> Inbox<D> {
    /// What is to be told now: at most once in ten minutes a kind.
    pub async fn untold(&self) -> Result<Vec<Untold>, InboxError> {
        let untold = self.about_bot("UNTOLD");
        let rows = self.trip("look for alerts", vec![untold]).await?;
        let alerts = rows.into_iter().filter_map(|mut row| {
            Some(Untold {
                alert: Alert::from_name(&row.text(0))?,
                count: row.integer(1),
                told: row.integer(2),
                update: row.integer(3),
            })
        });
        Ok(alerts.collect())
    }

    /// Plans calls that tell of it, where there are any, and notes that it is told. Of several who do so at once, one succeeds.
    pub async fn tell(&self, untold: &Untold, plan: &[PlannedCall]) -> Result<bool, InboxError> {
        let values = vec![
            self.bot.0.into(),
            untold.alert.name().into(),
            untold.told.into(),
            untold.count.into(),
        ];
        let mut statements = Vec::with_capacity(2);
        if !plan.is_empty() {
            let tell = [values.clone(), vec![list_of(plan).into()]].concat();
            statements.push(statement("TELL", tell));
        }
        statements.push(statement("TOLD", values));
        let told = self.trip("plan an alert", statements).await?;
        Ok(!told.is_empty())
    }
}

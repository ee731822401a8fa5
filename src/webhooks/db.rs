//! Webhooks and their messages in PostgreSQL.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel::sql_types::{self, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{DeliveryStatus, EventType};
use crate::changes::Told;
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::{webhook_deliveries, webhooks};
use crate::db::sql::{all, sql};
use crate::db::{Connection, ROWS_AT_ONCE, Result};
use crate::values::id::{MessageId, WebhookId};

/// A webhook, without its secrets.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = webhooks)]
pub struct WebhookRow {
    pub id: WebhookId,
    pub name: String,
    pub url: String,
    pub events: Vec<EventType>,
    pub has_drafts: bool,
    pub former_secret_until: Option<DateTime<Utc>>,
    pub is_enabled: bool,
    pub disabled_reason: Option<String>,
    pub version: i32,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl WebhookRow {
    /// Where the webhook stands in the list of webhooks.
    pub fn place(&self) -> Position {
        Position { values: vec![SortValue::Instant(self.created_at)], id: self.id.0 }
    }
}

/// A webhook to be made.
#[derive(Debug, Insertable)]
#[diesel(table_name = webhooks)]
pub struct NewWebhook<'a> {
    pub id: WebhookId,
    pub name: &'a str,
    pub url: &'a str,
    pub events: &'a [EventType],
    pub has_drafts: bool,
    pub secret: &'a [u8],
    pub position: i64,
    pub is_enabled: bool,
    pub created_by: &'a str,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What of a webhook is to be changed.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = webhooks)]
pub struct WebhookChanges {
    pub name: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<EventType>>,
    pub has_drafts: Option<bool>,
    pub is_enabled: Option<bool>,
    pub disabled_reason: Option<Option<String>>,
    pub position: Option<i64>,
    pub secret: Option<Vec<u8>>,
    pub former_secret: Option<Option<Vec<u8>>>,
    pub former_secret_until: Option<Option<DateTime<Utc>>>,
    pub version: i32,
    pub updated_at: DateTime<Utc>,
}

/// Makes a webhook.
pub async fn insert_webhook(mut connection: &Connection, new: &NewWebhook<'_>) -> Result<WebhookRow> {
    let insert = diesel::insert_into(webhooks::table).values(new).returning(WebhookRow::as_returning());
    Ok(insert.get_result(&mut connection).await?)
}

/// Changes a webhook whose version is still the one before that of the changes. `None` where it is not.
pub async fn update_webhook(
    mut connection: &Connection,
    id: WebhookId,
    changes: &WebhookChanges,
) -> Result<Option<WebhookRow>> {
    let target = webhooks::table.filter(webhooks::id.eq(id)).filter(webhooks::version.eq(changes.version - 1));
    let update = diesel::update(target).set(changes).returning(WebhookRow::as_returning());
    Ok(update.get_result(&mut connection).await.optional()?)
}

/// Removes a webhook with its messages, where it still has this version; tells whether it did.
pub async fn delete_webhook(mut connection: &Connection, id: WebhookId, version: i32) -> Result<bool> {
    let target = webhooks::table.filter(webhooks::id.eq(id)).filter(webhooks::version.eq(version));
    Ok(diesel::delete(target).execute(&mut connection).await? > 0)
}

/// One webhook.
pub async fn find_webhook(mut connection: &Connection, id: WebhookId) -> Result<Option<WebhookRow>> {
    let query = webhooks::table.select(WebhookRow::as_select()).filter(webhooks::id.eq(id));
    Ok(query.first(&mut connection).await.optional()?)
}

/// The secret of a webhook.
pub async fn secret_of(mut connection: &Connection, id: WebhookId) -> Result<Option<Vec<u8>>> {
    let query = webhooks::table.select(webhooks::secret).filter(webhooks::id.eq(id));
    Ok(query.first(&mut connection).await.optional()?)
}

/// The webhooks of a window, in its order.
pub async fn list_webhooks(mut connection: &Connection, window: &Window) -> Result<Vec<WebhookRow>> {
    Ok(webhooks::table
        .select(WebhookRow::as_select())
        .filter(all(window.condition()).condition())
        .order(window.page().fragment::<Bool>())
        .load(&mut connection)
        .await?)
}

/// How many webhooks there are.
pub async fn count_webhooks(mut connection: &Connection) -> Result<i64> {
    Ok(webhooks::table.count().get_result(&mut connection).await?)
}

/// A message and how it went.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
pub struct DeliveryRow {
    pub id: MessageId,
    pub webhook_id: WebhookId,
    pub event: EventType,
    pub body: String,
    pub status: DeliveryStatus,
    pub tries: i32,
    pub due_at: DateTime<Utc>,
    pub attempts: Value,
    pub created_at: DateTime<Utc>,
}

impl DeliveryRow {
    /// Where the message stands in the list of messages.
    pub fn place(&self) -> Position {
        Position { values: vec![SortValue::Instant(self.created_at)], id: self.id.0 }
    }
}

/// A message to be sent.
#[derive(Debug, Insertable)]
#[diesel(table_name = webhook_deliveries)]
pub struct NewDelivery {
    pub id: MessageId,
    pub webhook_id: WebhookId,
    pub position: i64,
    pub event: EventType,
    pub body: String,
    pub status: DeliveryStatus,
    pub tries_left: i32,
    pub due_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// The messages of a webhook in a window, in its order.
pub async fn list_deliveries(
    mut connection: &Connection,
    webhook: WebhookId,
    status: Option<DeliveryStatus>,
    window: &Window,
) -> Result<Vec<DeliveryRow>> {
    let query = webhook_deliveries::table
        .select(DeliveryRow::as_select())
        .filter(webhook_deliveries::webhook_id.eq(webhook))
        .filter(all(window.condition()).condition())
        .order(window.page().fragment::<Bool>());
    Ok(match status {
        Some(status) => query.filter(webhook_deliveries::status.eq(status)).load(&mut connection).await?,
        None => query.load(&mut connection).await?,
    })
}

/// How many messages of a webhook are kept.
pub async fn count_deliveries(
    mut connection: &Connection,
    webhook: WebhookId,
    status: Option<DeliveryStatus>,
) -> Result<i64> {
    let query = webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(webhook));
    Ok(match status {
        Some(status) => query.filter(webhook_deliveries::status.eq(status)).count().get_result(&mut connection).await?,
        None => query.count().get_result(&mut connection).await?,
    })
}

/// One message.
pub async fn find_delivery(mut connection: &Connection, id: MessageId) -> Result<Option<DeliveryRow>> {
    let query = webhook_deliveries::table.select(DeliveryRow::as_select()).filter(webhook_deliveries::id.eq(id));
    Ok(query.first(&mut connection).await.optional()?)
}

/// Has a message sent again, from the first try on. `None` where there is no such message.
pub async fn replay_delivery(
    mut connection: &Connection,
    id: MessageId,
    tries_left: i32,
    now: DateTime<Utc>,
) -> Result<Option<DeliveryRow>> {
    let update = diesel::update(webhook_deliveries::table.filter(webhook_deliveries::id.eq(id)))
        .set((
            webhook_deliveries::status.eq(DeliveryStatus::Pending),
            webhook_deliveries::tries_left.eq(tries_left),
            webhook_deliveries::due_at.eq(now),
        ))
        .returning(DeliveryRow::as_returning());
    Ok(update.get_result(&mut connection).await.optional()?)
}

/// A webhook that there is something to tell: up to where it was told, and what it wants to know.
#[derive(Debug)]
pub struct Behind {
    pub id: WebhookId,
    pub events: Vec<EventType>,
    pub told: Told,
    pub position: i64,
}

/// Locks the webhooks that there is something to tell, except those that another instance has locked.
pub async fn lock_behind(mut connection: &Connection) -> Result<Vec<Behind>> {
    let behind = sql("SELECT webhooks.id, webhooks.events, webhooks.has_drafts, webhooks.position FROM webhooks \
         WHERE webhooks.is_enabled AND webhooks.position < (SELECT max(announcements.position) FROM announcements \
         WHERE announcements.audience = CASE WHEN webhooks.has_drafts THEN 'editors' ELSE 'public' END) \
         FOR UPDATE SKIP LOCKED")
    .statement::<(sql_types::Uuid, sql_types::Array<Text>, Bool, sql_types::BigInt)>();
    let rows: Vec<(WebhookId, Vec<EventType>, bool, i64)> = behind.load(&mut connection).await?;
    let told = |has_drafts| if has_drafts { Told::Editors } else { Told::Public };
    Ok(rows
        .into_iter()
        .map(|(id, events, has_drafts, position)| Behind { id, events, told: told(has_drafts), position })
        .collect())
}

/// Keeps messages, and up to where a webhook was told. In the transaction that locked it.
pub async fn enqueue(
    mut connection: &Connection,
    webhook: WebhookId,
    position: i64,
    messages: &[NewDelivery],
) -> Result<()> {
    for rows in messages.chunks(ROWS_AT_ONCE) {
        diesel::insert_into(webhook_deliveries::table).values(rows).execute(&mut connection).await?;
    }
    diesel::update(webhooks::table.filter(webhooks::id.eq(webhook)))
        .set(webhooks::position.eq(position))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// When the next message of each webhook is due, of those that have any.
pub async fn due_webhooks(mut connection: &Connection) -> Result<Vec<(WebhookId, DateTime<Utc>)>> {
    let due = sql("SELECT webhooks.id, next.due_at FROM webhooks CROSS JOIN LATERAL ( \
         SELECT webhook_deliveries.due_at FROM webhook_deliveries \
         WHERE webhook_deliveries.webhook_id = webhooks.id AND webhook_deliveries.status = 'pending' \
         ORDER BY webhook_deliveries.due_at LIMIT 1) AS next WHERE webhooks.is_enabled")
    .statement::<(sql_types::Uuid, Timestamptz)>();
    Ok(due.load(&mut connection).await?)
}

/// What waits to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Queue {
    /// How many messages.
    pub messages: i64,
    /// How long the one that waits longest past its time has done so.
    pub delay: Duration,
}

/// What waits to be sent, to webhooks that are told anything.
pub async fn queue(mut connection: &Connection, now: DateTime<Utc>) -> Result<Queue> {
    let waiting = webhook_deliveries::table
        .inner_join(webhooks::table)
        .filter(webhook_deliveries::status.eq(DeliveryStatus::Pending))
        .filter(webhooks::is_enabled)
        .select((count_star(), min(webhook_deliveries::due_at)));
    let (messages, first): (i64, Option<DateTime<Utc>>) = waiting.get_result(&mut connection).await?;
    let delay = first.and_then(|first| (now - first).to_std().ok()).unwrap_or_default();
    Ok(Queue { messages, delay })
}

/// A message that this instance is to send.
#[derive(Debug)]
pub struct Claimed {
    pub id: MessageId,
    pub body: String,
    /// Which try it is.
    pub tries: i32,
    pub tries_left: i32,
    pub attempts: Value,
    pub url: String,
    pub secret: Vec<u8>,
    pub former_secret: Option<Vec<u8>>,
    pub former_secret_until: Option<DateTime<Utc>>,
}

/// Takes messages of a webhook that are due. Until `lease` no other instance takes them.
pub async fn claim(
    mut connection: &Connection,
    webhook: WebhookId,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Claimed>> {
    type Row = (MessageId, String, i32, i32, Value, String, Vec<u8>, Option<Vec<u8>>, Option<DateTime<Utc>>);
    let claimed = sql("UPDATE webhook_deliveries SET due_at = ")
        .bind(lease)
        .text(
            ", tries = webhook_deliveries.tries + 1, tries_left = greatest(webhook_deliveries.tries_left - 1, 0) \
             FROM webhooks WHERE webhooks.id = webhook_deliveries.webhook_id AND webhooks.is_enabled \
             AND webhook_deliveries.id IN (SELECT due.id FROM webhook_deliveries AS due WHERE due.webhook_id = ",
        )
        .bind(webhook.0)
        .text(" AND due.status = 'pending' AND due.due_at <= ")
        .bind(now)
        .text(" ORDER BY due.due_at, due.position LIMIT ")
        .bind(most)
        .text(
            " FOR UPDATE SKIP LOCKED) RETURNING webhook_deliveries.id, webhook_deliveries.body, \
             webhook_deliveries.tries, webhook_deliveries.tries_left, webhook_deliveries.attempts, webhooks.url, \
             webhooks.secret, webhooks.former_secret, webhooks.former_secret_until",
        )
        .statement::<(
            sql_types::Uuid,
            Text,
            Integer,
            Integer,
            Jsonb,
            Text,
            Binary,
            Nullable<Binary>,
            Nullable<Timestamptz>,
        )>();
    let rows: Vec<Row> = claimed.load(&mut connection).await?;
    Ok(rows
        .into_iter()
        .map(|(id, body, tries, tries_left, attempts, url, secret, former_secret, former_secret_until)| Claimed {
            id,
            body,
            tries,
            tries_left,
            attempts,
            url,
            secret,
            former_secret,
            former_secret_until,
        })
        .collect())
}

/// Keeps how a try went, unless the lease ran out and another try has begun.
pub async fn conclude(
    mut connection: &Connection,
    (id, tries): (MessageId, i32),
    status: DeliveryStatus,
    due_at: DateTime<Utc>,
    attempts: &Value,
) -> Result<()> {
    let target =
        webhook_deliveries::table.filter(webhook_deliveries::id.eq(id)).filter(webhook_deliveries::tries.eq(tries));
    diesel::update(target)
        .set((
            webhook_deliveries::status.eq(status),
            webhook_deliveries::due_at.eq(due_at),
            webhook_deliveries::attempts.eq(attempts),
        ))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Tells a webhook nothing more, for a reason, and gives up what it was to be told.
pub async fn unsubscribe(mut connection: &Connection, id: WebhookId, reason: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(webhooks::table.filter(webhooks::id.eq(id)).filter(webhooks::is_enabled))
        .set((
            webhooks::is_enabled.eq(false),
            webhooks::disabled_reason.eq(reason),
            webhooks::version.eq(webhooks::version + 1),
            webhooks::updated_at.eq(now),
        ))
        .execute(&mut connection)
        .await?;
    let waiting = webhook_deliveries::table
        .filter(webhook_deliveries::webhook_id.eq(id))
        .filter(webhook_deliveries::status.eq(DeliveryStatus::Pending));
    diesel::update(waiting).set(webhook_deliveries::status.eq(DeliveryStatus::Failed)).execute(&mut connection).await?;
    Ok(())
}

/// Forgets messages that were made before an instant and are done with.
pub async fn forget_deliveries(mut connection: &Connection, before: DateTime<Utc>) -> Result<()> {
    let old = webhook_deliveries::table
        .filter(webhook_deliveries::created_at.lt(before))
        .filter(webhook_deliveries::status.ne(DeliveryStatus::Pending));
    diesel::delete(old).execute(&mut connection).await?;
    Ok(())
}

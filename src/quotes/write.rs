//! Writing quotes: made, corrected, joined, split, withdrawn; and their printings: corrected.

use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use super::db::{self, LinkedOccurrence, NewQuote, QuoteRow};
use super::wire::{
    OccurrenceDraft, Quote, QuoteDraft, QuotePatch, occurrences as shown_occurrences, quotes as shown_quotes,
};
use crate::articles::write as articles_write;
use crate::changes::{Action, ResourceType};
use crate::db::filter::uuids;
use crate::db::schema::{occurrences, quote_external_ids, quotes as table};
use crate::db::sql::sql;
use crate::db::{Audience, Connection, DatabaseError, PublicFrom};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::{ExternalId, Urls};
use crate::people::PersonKind;
use crate::people::write as people_write;
use crate::values::date::PartialDate;
use crate::values::id::{ArticleId, OccurrenceId, PersonId, QuoteId};
use crate::writing::request::Answer;
use crate::writing::resource::{ARTICLES, QUOTES, Tables};
use crate::writing::writable::Writable;
use crate::writing::{Attributed, Writer};

/// Quotes, as something that is written.
pub struct Quotes;

impl Writable for Quotes {
    type Id = QuoteId;
    type Draft = QuoteDraft;
    type Patch = QuotePatch;
    type Shown = Quote;
    const TABLES: Tables = QUOTES;

    /// Makes a quote that no article prints yet. It stands by itself: it is public at once.
    async fn create(writer: &mut Writer<'_>, draft: QuoteDraft) -> Result<QuoteId, ApiError> {
        let said_on = said_on(&draft)?;
        let speaker_id = match &draft.speaker {
            Some(speaker) => Some(people_write::named(writer, "/speaker", speaker, PersonKind::Person).await?),
            None => None,
        };
        let id = QuoteId::generate();
        let now = writer.now();
        let public_from = PublicFrom(Some(now));
        let new = NewQuote { id, speaker_id, text: draft.text.clone(), public_from, created_at: now, updated_at: now };
        db::insert_quotes(writer.connection(), &[new]).await?;
        let mut connection = writer.connection();
        diesel::update(table::table.filter(table::id.eq(id)))
            .set((
                table::is_independent.eq(true),
                table::said_on.eq(said_on.map(|date| date.first_day)),
                table::said_on_precision.eq(said_on.map(|date| date.precision)),
            ))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        writer.created(ResourceType::Quote, id.0);
        replace_external_ids(writer, id, &draft).await?;
        touch(writer, &[id]).await?;
        Ok(id)
    }

    /// Gives a quote this content; its version rises where that changes anything. Who is said to have said it, and when, is
    /// an editor's decision then, which no finding changes.
    async fn replace(writer: &mut Writer<'_>, id: QuoteId, draft: QuoteDraft) -> Result<(), ApiError> {
        let row = quote(writer, id).await?;
        let current = Self::draft(writer, id).await?;
        let said_on = said_on(&draft)?;
        let speaker_id = match &draft.speaker {
            same if *same == current.speaker => row.speaker_id,
            Some(speaker) => Some(people_write::named(writer, "/speaker", speaker, PersonKind::Person).await?),
            None => None,
        };
        let draft = QuoteDraft { speaker: speaker_id.map(|id| id.to_string()), ..draft };
        if draft == current {
            return Ok(());
        }
        let is_decided = draft.speaker != current.speaker || draft.said_on != current.said_on;
        if draft.text != current.text && has_printings(writer, id).await? {
            let detail = "articles print this quote, so its text is its longest public printing: change the article, or join \
                          or split the quote";
            return ApiError::refuse_in_body(vec![Fault::in_body(ProblemCode::Conflict, "/text", detail)]);
        }
        touch(writer, &[id]).await?;
        let mut connection = writer.connection();
        diesel::update(table::table.filter(table::id.eq(id)))
            .set((
                table::text.eq(&draft.text),
                table::speaker_id.eq(speaker_id),
                table::said_on.eq(said_on.map(|date| date.first_day)),
                table::said_on_precision.eq(said_on.map(|date| date.precision)),
            ))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        if is_decided {
            diesel::update(occurrences::table.filter(occurrences::quote_id.eq(id)))
                .set(occurrences::is_corrected.eq(true))
                .execute(&mut connection)
                .await
                .map_err(DatabaseError::from)?;
        }
        replace_external_ids(writer, id, &draft).await?;
        note_roles(writer, id).await?;
        touch(writer, &[id]).await?;
        writer.raise_version(QUOTES, id.0).await?;
        Ok(())
    }

    /// What is written of a quote, as a draft that would change nothing.
    async fn draft(writer: &Writer<'_>, id: QuoteId) -> Result<QuoteDraft, ApiError> {
        let row = quote(writer, id).await?;
        let external_ids = db::external_ids_of(writer.connection(), &[id]).await?;
        Ok(QuoteDraft {
            text: row.text,
            speaker: row.speaker_id.map(|id| id.to_string()),
            said_on: PartialDate::from_columns(row.said_on, row.said_on_precision).map(|date| date.to_string()),
            external_ids: external_ids.into_iter().map(|(_, (source, id))| ExternalId { source, id }).collect(),
        })
    }

    /// Takes the withdrawal of a quote back. One that was joined to another has nothing left to show: it is refused.
    async fn restore(writer: &mut Writer<'_>, id: QuoteId) -> Result<(), ApiError> {
        let mut connection = writer.connection();
        let (successor, is_independent): (Option<QuoteId>, bool) = table::table
            .select((table::successor_id, table::is_independent))
            .filter(table::id.eq(id))
            .first(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        if let Some(successor) = successor
            && !is_independent
            && !has_printings(writer, id).await?
        {
            let detail = format!("it was joined to {successor}, whose printings its own are now: split them from that");
            return Err(ApiError::new(ProblemCode::Conflict, detail));
        }
        set_successor(writer, id, None).await?;
        writer.restore(QUOTES, id.0).await?;
        touch(writer, &[id]).await
    }

    /// Removes a quote for good, with its printings, which the articles lose, and with every quote that was joined to it.
    async fn purge(writer: &mut Writer<'_>, id: QuoteId) -> Result<(), ApiError> {
        let mut connection = writer.connection();
        let joined = sql("WITH RECURSIVE joined (id) AS (SELECT ")
            .bind(id.0)
            .text(
                "::uuid UNION SELECT quotes.id FROM quotes JOIN joined ON quotes.successor_id = joined.id \
                 WHERE NOT EXISTS (SELECT FROM occurrences WHERE occurrences.quote_id = quotes.id)) \
                 SELECT quotes.id, quotes.version FROM quotes JOIN joined ON joined.id = quotes.id",
            )
            .statement::<(sql_types::Uuid, sql_types::Integer)>();
        let gone: Vec<(QuoteId, i32)> = joined.load(&mut connection).await.map_err(DatabaseError::from)?;
        let ids: Vec<QuoteId> = gone.iter().map(|(id, _)| *id).collect();
        touch(writer, &ids).await?;
        let printings: Vec<(OccurrenceId, ArticleId)> =
            diesel::delete(occurrences::table.filter(occurrences::quote_id.eq_any(&ids)))
                .returning((occurrences::id, occurrences::article_id))
                .get_results(&mut connection)
                .await
                .map_err(DatabaseError::from)?;
        // What was withdrawn in favour of it stays withdrawn.
        diesel::update(table::table.filter(table::successor_id.eq_any(&ids)))
            .set(table::successor_id.eq(None::<QuoteId>))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        diesel::delete(table::table.filter(table::id.eq_any(&ids)))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        for (id, version) in gone {
            writer.purged(ResourceType::Quote, id.0, version);
        }
        let mut articles: Vec<ArticleId> = printings.iter().map(|(_, article)| *article).collect();
        articles.sort_unstable();
        articles.dedup();
        for article in articles {
            raise_article(writer, article).await?;
        }
        Ok(())
    }

    fn external_ids(draft: &mut QuoteDraft) -> &mut Vec<ExternalId> {
        &mut draft.external_ids
    }

    async fn withdraw(writer: &mut Writer<'_>, id: QuoteId, reason: Option<&str>) -> Result<(), ApiError> {
        withdraw_for(writer, id, reason, None).await
    }

    async fn find(
        connection: &Connection,
        id: QuoteId,
        urls: &Urls,
        audience: Audience,
    ) -> Result<Option<Quote>, ApiError> {
        let row = db::find_quote(connection, id, audience).await?;
        Ok(shown_quotes(connection, row.into_iter().collect(), false, urls, audience).await?.pop())
    }
}

/// Withdraws a quote, for a reason that readers are told, or in favour of another quote that they are led to.
pub async fn withdraw_for(
    writer: &mut Writer<'_>,
    id: QuoteId,
    reason: Option<&str>,
    successor: Option<&str>,
) -> Result<(), ApiError> {
    let successor_id = match successor {
        Some(successor) => Some(successor_named(writer, id, successor).await?),
        None => None,
    };
    touch(writer, &[id]).await?;
    set_successor(writer, id, successor_id).await?;
    writer.withdraw(QUOTES, id.0, reason).await?;
    Ok(())
}

/// Joins a quote to another, for good: the other one has all the printings from then on, and the joined one leads to it.
/// What only the joined one tells of speaker and day, the other one takes over.
pub async fn join(writer: &mut Writer<'_>, id: QuoteId, into: QuoteId) -> Result<(), ApiError> {
    let fault =
        |code: ProblemCode, detail: String| ApiError::refuse_in_body(vec![Fault::in_body(code, "/into", detail)]);
    if id == into {
        return fault(ProblemCode::InvalidValue, "a quote is joined to another one, not to itself".to_owned());
    }
    let audience = Audience::Editors { now: writer.now() };
    let Some(kept) = db::find_quote(writer.connection(), into, audience).await? else {
        return fault(ProblemCode::InvalidValue, format!("there is no quote {into}"));
    };
    let joined = quote(writer, id).await?;
    if let (Some(one), Some(other)) = (joined.speaker_id, kept.speaker_id)
        && one != other
    {
        let detail = "the quotes have two speakers: correct the speaker of the one that is wrong first";
        return fault(ProblemCode::Conflict, detail.to_owned());
    }
    touch(writer, &[id, into]).await?;
    let mut connection = writer.connection();
    diesel::update(occurrences::table.filter(occurrences::quote_id.eq(id)))
        .set((occurrences::quote_id.eq(into), occurrences::is_quote_settled.eq(true)))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    diesel::update(quote_external_ids::table.filter(quote_external_ids::quote_id.eq(id)))
        .set(quote_external_ids::quote_id.eq(into))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    let (said_on, precision) = match kept.said_on {
        Some(_) => (kept.said_on, kept.said_on_precision),
        None => (joined.said_on, joined.said_on_precision),
    };
    diesel::update(table::table.filter(table::id.eq(into)))
        .set((
            table::speaker_id.eq(kept.speaker_id.or(joined.speaker_id)),
            table::said_on.eq(said_on),
            table::said_on_precision.eq(precision),
        ))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    let version: i32 = diesel::update(table::table.filter(table::id.eq(id)))
        .set((
            table::deleted_at.eq(writer.now()),
            table::successor_id.eq(into),
            table::version.eq(table::version + 1),
            table::updated_at.eq(writer.now()),
        ))
        .returning(table::version)
        .get_result(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    writer.changed(ResourceType::Quote, id.0, Action::Merged, version);
    writer.raise_version(QUOTES, into.0).await?;
    note_roles(writer, into).await?;
    touch(writer, &[into]).await
}

/// Makes some printings of a quote a quote of their own by the same speaker, for good.
pub async fn split(writer: &mut Writer<'_>, id: QuoteId, chosen: &[OccurrenceId]) -> Result<QuoteId, ApiError> {
    let mut connection = writer.connection();
    let printings: Vec<(OccurrenceId, String)> = occurrences::table
        .select((occurrences::id, occurrences::text))
        .filter(occurrences::quote_id.eq(id))
        .filter(occurrences::position.is_not_null())
        .load(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    let is_printing = |chosen: &OccurrenceId| printings.iter().any(|(printing, _)| printing == chosen);
    let strangers = chosen.iter().enumerate().filter(|(_, chosen)| !is_printing(chosen)).map(|(index, chosen)| {
        let detail = format!("{chosen} is no printing of this quote");
        Fault::in_body(ProblemCode::InvalidValue, format!("/occurrences/{index}"), detail)
    });
    ApiError::refuse_in_body(strangers.collect())?;
    if printings.iter().all(|(printing, _)| chosen.contains(printing)) {
        let detail = "these are all the printings of the quote: one at least must stay";
        return ApiError::refuse_in_body(vec![Fault::in_body(ProblemCode::InvalidValue, "/occurrences", detail)])
            .map(|()| id);
    }
    let texts = printings.iter().filter(|(printing, _)| chosen.contains(printing)).map(|(_, text)| text);
    let text = texts.max_by_key(|text| text.chars().count()).cloned().unwrap_or_default();
    let (new, now) = (QuoteId::generate(), writer.now());
    let speaker_id = quote(writer, id).await?.speaker_id;
    let public_from = PublicFrom(None);
    let row = NewQuote { id: new, speaker_id, text, public_from, created_at: now, updated_at: now };
    db::insert_quotes(writer.connection(), &[row]).await?;
    writer.created(ResourceType::Quote, new.0);
    diesel::update(occurrences::table.filter(occurrences::id.eq_any(chosen)))
        .set((occurrences::quote_id.eq(new), occurrences::is_quote_settled.eq(true)))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    writer.raise_version(QUOTES, id.0).await?;
    touch(writer, &[id, new]).await?;
    Ok(new)
}

/// Corrects what a printing says of its speaker's role and organization; no finding changes it then. The version of the
/// article rises where that changes anything.
pub async fn correct(
    writer: &mut Writer<'_>,
    printing: &LinkedOccurrence,
    draft: &OccurrenceDraft,
) -> Result<(), ApiError> {
    let current = occurrence_draft(printing);
    if *draft == current {
        return Ok(());
    }
    let organization_id = match &draft.organization {
        Some(name) => Some(people_write::named(writer, "/organization", name, PersonKind::Organization).await?),
        None => None,
    };
    let same = printing.organization.as_ref().map(|organization| organization.id) == organization_id;
    if same && draft.role == current.role {
        return Ok(());
    }
    let occurrence = &printing.occurrence;
    touch(writer, &[occurrence.quote_id]).await?;
    let mut connection = writer.connection();
    diesel::update(occurrences::table.filter(occurrences::id.eq(occurrence.id)))
        .set((
            occurrences::role.eq(&draft.role),
            occurrences::organization_id.eq(organization_id),
            occurrences::is_corrected.eq(true),
        ))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    note_roles(writer, occurrence.quote_id).await?;
    touch(writer, &[occurrence.quote_id]).await?;
    raise_article(writer, occurrence.article_id).await
}

/// What an editor can say of a printing, as a draft that would change nothing.
pub fn occurrence_draft(printing: &LinkedOccurrence) -> OccurrenceDraft {
    let organization = printing.organization.as_ref().map(|organization| organization.id.to_string());
    OccurrenceDraft { role: printing.occurrence.role.clone(), organization }
}

/// The printing that is to be corrected.
pub async fn printing(writer: &Writer<'_>, reference: &str) -> Result<LinkedOccurrence, ApiError> {
    let missing = || ApiError::not_found("occurrence", reference);
    let id = reference.parse().map_err(|_| missing())?;
    let audience = Audience::Editors { now: writer.now() };
    db::find_occurrence(writer.connection(), id, audience).await?.ok_or_else(missing)
}

/// A printing as it is now, as an answer.
pub async fn occurrence_answer(writer: &mut Writer<'_>, id: OccurrenceId, urls: &Urls) -> Result<Answer, ApiError> {
    writer.settle().await?;
    let audience = Audience::Editors { now: writer.now() };
    let linked = db::find_occurrence(writer.connection(), id, audience).await?;
    let shown = shown_occurrences(writer.connection(), linked.into_iter().collect(), false, urls, audience).await?;
    let printing = shown.into_iter().next().ok_or_else(|| ApiError::internal("a printing that was written is gone"))?;
    Answer::resource(&printing)
}

/// A quote, withdrawn ones included.
async fn quote(writer: &Writer<'_>, id: QuoteId) -> Result<QuoteRow, ApiError> {
    let rows = db::quotes_with_ids(writer.connection(), &[id]).await?;
    rows.into_iter().next().ok_or_else(|| ApiError::internal("a quote that was found is gone"))
}

/// Whether articles print a quote, public ones or not.
async fn has_printings(writer: &Writer<'_>, id: QuoteId) -> Result<bool, ApiError> {
    let mut connection = writer.connection();
    let printings = occurrences::table.filter(occurrences::quote_id.eq(id));
    let has = diesel::select(diesel::dsl::exists(printings)).get_result(&mut connection).await;
    Ok(has.map_err(DatabaseError::from)?)
}

fn said_on(draft: &QuoteDraft) -> Result<Option<PartialDate>, ApiError> {
    let Some(said_on) = &draft.said_on else { return Ok(None) };
    said_on.parse().map(Some).map_err(|error| {
        ApiError::body_faults(vec![Fault::in_body(
            ProblemCode::InvalidValue,
            "/said_on",
            format!("{said_on:?}: {error}"),
        )])
    })
}

async fn replace_external_ids(writer: &Writer<'_>, id: QuoteId, draft: &QuoteDraft) -> Result<(), ApiError> {
    let external_ids: Vec<(String, String)> =
        draft.external_ids.iter().map(|known| (known.source.clone(), known.id.clone())).collect();
    ApiError::refuse_in_body(writer.replace_external_ids(QUOTES, id.0, &external_ids).await?)
}

/// The quote that a parameter names as the successor of another.
async fn successor_named(writer: &Writer<'_>, id: QuoteId, successor: &str) -> Result<QuoteId, ApiError> {
    let fault = |detail: String| ApiError::fault(Fault::new(ProblemCode::UnknownReference, "successor", detail));
    let unknown = || fault(format!("successor: there is no quote {successor:?}"));
    let successor_id: QuoteId = successor.parse().map_err(|_| unknown())?;
    if successor_id == id {
        return Err(fault("successor must be another quote".to_owned()));
    }
    let audience = Audience::Editors { now: writer.now() };
    let found = db::find_quote(writer.connection(), successor_id, audience).await?;
    found.map(|row| row.id).ok_or_else(unknown)
}

async fn set_successor(writer: &Writer<'_>, id: QuoteId, successor: Option<QuoteId>) -> Result<(), ApiError> {
    let mut connection = writer.connection();
    diesel::update(table::table.filter(table::id.eq(id)))
        .set(table::successor_id.eq(successor))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    Ok(())
}

/// Has it found out at the end since when these quotes are public, with everybody whom they or their printings name now.
async fn touch(writer: &mut Writer<'_>, ids: &[QuoteId]) -> Result<(), ApiError> {
    let named = sql("SELECT quotes.speaker_id FROM quotes WHERE quotes.speaker_id IS NOT NULL AND quotes.id = ANY (")
        .bind(uuids(ids))
        .text(
            ") UNION SELECT occurrences.organization_id FROM occurrences \
             WHERE occurrences.organization_id IS NOT NULL AND occurrences.quote_id = ANY (",
        )
        .bind(uuids(ids))
        .text(")")
        .statement::<sql_types::Uuid>();
    let mut connection = writer.connection();
    let named: Vec<PersonId> = named.load(&mut connection).await.map_err(DatabaseError::from)?;
    writer.touch_quotes(ids.iter().copied());
    writer.touch_people(named);
    Ok(())
}

/// Notes of the speaker of a quote what its printings say they were.
async fn note_roles(writer: &mut Writer<'_>, id: QuoteId) -> Result<(), ApiError> {
    let mut connection = writer.connection();
    let printed: Vec<(Option<PersonId>, Option<String>, Option<PersonId>)> = occurrences::table
        .inner_join(table::table)
        .select((table::speaker_id, occurrences::role, occurrences::organization_id))
        .filter(occurrences::quote_id.eq(id))
        .filter(occurrences::position.is_not_null())
        .load(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    let attributed: Vec<Attributed> =
        printed.into_iter().map(|(speaker, role, organization)| Attributed { speaker, role, organization }).collect();
    Ok(writer.note_affiliations(&attributed, PublicFrom(None)).await?)
}

/// Raises the version of an article whose printings changed, and keeps that version.
async fn raise_article(writer: &mut Writer<'_>, article: ArticleId) -> Result<(), ApiError> {
    let version = writer.raise_version(ARTICLES, article.0).await?;
    Ok(articles_write::keep_revision(writer, article, version).await?)
}

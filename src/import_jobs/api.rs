//! Imports over HTTP.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, delete, get, post, web};
use futures_util::StreamExt;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::db::{self, EntryRow, ImportRow, NewImport};
use super::wire::{Import, ImportEntry, import};
use super::{EntryOutcome, ImportState, Uploads, in_file_order, newest_first};
use crate::access::{Caller, Write};
use crate::db::keyset::{Position, SortValue};
use crate::db::{Connection, DatabaseError};
use crate::http::body::BodyDigest;
use crate::http::document::{AbsenceProblems, AccessProblems, CreateProblems, EndProblems, IMPORTS, ListProblems};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::fields::{FieldParameters, Fields};
use crate::http::page::{About, List, Page, PageParameters, Single};
use crate::http::parameters::CommaList;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::ImportPath;
use crate::state::State;
use crate::values::id::ImportId;
use crate::writing::request::{Answer, IdempotencyParameters, WriteParameters, write, write_always};

/// What the body of an import may be called. What it is, is found out.
const MEDIA_TYPES: [&str; 9] = [
    "application/octet-stream",
    "application/x-ndjson",
    "application/json",
    "application/xml",
    "application/atom+xml",
    "text/xml",
    "text/plain",
    "text/markdown",
    "text/html",
];

/// The longest name of a file, in characters.
const MAX_FILE_NAME: usize = 255;

/// Mounts the operations.
pub fn mount(config: &mut ServiceConfig<'_>) {
    config
        .service(list_imports)
        .service(get_import)
        .service(list_import_entries)
        .service(create_import)
        .service(cancel_import);
}

/// What is sent, and how to import it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportParameters {
    /// What the file is called. A file that is one article is known by this name: the same name means the same article at
    /// the next import. Its ending tells Markdown and HTML from plain text where the content leaves it open.
    #[param(min_length = 1, max_length = 255, example = "blog.xml")]
    file_name: String,
    /// Whether to tell only what would be done, for each article what was found and by which rule, and keep nothing of it.
    #[serde(default)]
    #[param(required = false, default = false, example = true)]
    dry_run: bool,
}

/// Import a file
///
/// Takes a file as it is: plain text as a blog prints it, Markdown, HTML, the export of Blogger, WordPress (WXR) or Ghost,
/// or NDJSON that `verbatim export` wrote; which it is, is found out. The file is imported in the background, one after
/// another. The answer tells where to follow that. What is there already is not made twice, and what an editor changed is
/// not overwritten. With `dry_run=true` there is an import too, which keeps nothing but its report.
#[utoipa::path(
    tag = IMPORTS,
    params(ImportParameters, IdempotencyParameters),
    request_body(content(
        (String = "application/octet-stream"), (String = "application/x-ndjson"), (Value = "application/json"),
        (String = "application/xml"), (String = "application/atom+xml"), (String = "text/xml"),
        (String = "text/plain"), (String = "text/markdown"), (String = "text/html")
    )),
    security(("key" = ["write"])),
    responses(
        (status = 202, description = "It waits for its turn.", body = Single<Import>,
            headers(("Location" = String, description = "Where to follow it."))),
        CreateProblems, AccessProblems,
    ),
)]
#[post("/v1/imports")]
async fn create_import(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    uploads: web::Data<Uploads>,
    Query(ImportParameters { file_name, dry_run }): Query<ImportParameters>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let file_name = checked_name(&file_name)?;
    check_media_type(&request)?;
    let id = ImportId::generate();
    let upload = Upload { uploads: &uploads, id, is_wanted: std::cell::Cell::new(false) };
    let size = upload.receive(&request, payload).await?;
    let now = state.clock.now();
    let actor = caller.actor();
    let response = write_always(&state, &caller, &request, async |writer| {
        let new = NewImport {
            id,
            state: ImportState::Queued,
            is_dry_run: dry_run,
            file_name: &file_name,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            actor: &actor,
            created_at: now,
            heard_at: Some(now),
        };
        db::insert_import(writer.connection(), &new).await?;
        let row = found(writer.connection(), id).await?;
        let location = state.urls.resource("imports", &id);
        let body = serde_json::to_vec(&Single { data: import(row, &state.urls) }).map_err(ApiError::internal)?;
        upload.is_wanted.set(true);
        Ok(Answer { status: 202, location: Some(location), version: None, body, shown_once: None })
    })
    .await;
    if response.is_err() {
        upload.is_wanted.set(false);
    }
    response
}

/// A file on its way to the disk. Unless it is wanted in the end, it goes.
struct Upload<'u> {
    uploads: &'u Uploads,
    id: ImportId,
    is_wanted: std::cell::Cell<bool>,
}

impl Upload<'_> {
    /// Writes what is sent to the disk; tells how many bytes it was.
    async fn receive(&self, request: &HttpRequest, mut payload: web::Payload) -> Result<u64, ApiError> {
        let max_size = self.uploads.max_size;
        let too_large =
            || ApiError::new(ProblemCode::BodyTooLarge, format!("a file may have at most {max_size} bytes"));
        let stated = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if stated.is_some_and(|length| length > max_size) {
            return Err(too_large());
        }
        fs::create_dir_all(&self.uploads.directory).await.map_err(ApiError::internal)?;
        let mut file = fs::File::create(self.uploads.file_of(self.id)).await.map_err(ApiError::internal)?;
        let (mut size, mut digest) = (0, Sha256::new());
        while let Some(chunk) = payload.next().await {
            let unreadable =
                |error| ApiError::new(ProblemCode::MalformedRequest, format!("the body cannot be read: {error}"));
            let chunk = chunk.map_err(unreadable)?;
            size += chunk.len() as u64;
            if size > max_size {
                return Err(too_large());
            }
            digest.update(&chunk);
            file.write_all(&chunk).await.map_err(ApiError::internal)?;
        }
        if size == 0 {
            return Err(ApiError::new(
                ProblemCode::MalformedRequest,
                "the body must be the file to import: it is empty",
            ));
        }
        file.sync_all().await.map_err(ApiError::internal)?;
        request.extensions_mut().insert(BodyDigest(digest.finalize().into()));
        Ok(size)
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if !self.is_wanted.get() {
            // Where it cannot be removed it stays behind: nothing ever reads it.
            let _ = std::fs::remove_file(self.uploads.file_of(self.id));
        }
    }
}

fn checked_name(name: &str) -> Result<String, ApiError> {
    let is_name = (1..=MAX_FILE_NAME).contains(&name.chars().count())
        && !name.chars().any(char::is_control)
        && name.trim() == name;
    if is_name {
        return Ok(name.to_owned());
    }
    let detail = format!("file_name must have 1 to {MAX_FILE_NAME} characters, none of them a control character");
    Err(ApiError::fault(Fault::new(ProblemCode::InvalidParameter, "file_name", detail)))
}

fn check_media_type(request: &HttpRequest) -> Result<(), ApiError> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    let stated = header(CONTENT_TYPE).unwrap_or_default();
    let essence = stated.split(';').next().unwrap_or_default().trim();
    if !MEDIA_TYPES.contains(&essence) {
        let detail = format!("the body must be a file, and its Content-Type one of {}", MEDIA_TYPES.join(", "));
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType, detail));
    }
    match header(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => {
            Err(ApiError::new(ProblemCode::UnsupportedMediaType, "the body must not be compressed"))
        }
        _ => Ok(()),
    }
}

/// List imports
///
/// Every file that was sent to be imported, the newest first, with how far it is and what became of its entries.
#[utoipa::path(
    tag = IMPORTS,
    params(FieldParameters, PageParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "A page of imports.", body = List<Import>), ListProblems, AccessProblems),
)]
#[get("/v1/imports")]
async fn list_imports(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(fields): Query<FieldParameters>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, newest_first(), caller.audience(state.clock.now()))?;
    let connection = state.connection().await?;
    let rows = db::list_imports(&connection, page.window()).await?;
    let (rows, place) = page.cut(rows, ImportRow::position).into_parts();
    let imports = rows.into_iter().map(|row| import(row, &state.urls)).collect();
    // Imports are few: to count them is as cheap as to estimate.
    let total = page.total(|| std::future::ready(Ok(None)), || db::count_imports(&connection)).await?;
    page.respond(&state.urls, imports, &Fields::from(fields), place, About { total, ..About::default() })
}

/// Get an import
///
/// How far it is, and what became of its entries so far, in numbers.
#[utoipa::path(
    tag = IMPORTS,
    params(ImportPath, FieldParameters),
    security(("key" = ["write"])),
    responses((status = 200, description = "The import.", body = Single<Import>), AbsenceProblems, AccessProblems),
)]
#[get("/v1/imports/{ref}")]
async fn get_import(
    _caller: Caller<Write>,
    state: web::Data<State>,
    Path(ImportPath { reference }): Path<ImportPath>,
    Query(fields): Query<FieldParameters>,
) -> Result<HttpResponse, ApiError> {
    let connection = state.connection().await?;
    let row = find(&connection, &reference).await?;
    Single::respond(vec![import(row, &state.urls)], &Fields::from(fields))
}

/// Which entries of an import to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EntryFilter {
    /// Those with one of these outcomes: `refused,conflict` are the ones that somebody should look at.
    #[param(inline, min_items = 1, value_type = Option<Vec<EntryOutcome>>, style = Form, explode = false, example = json!(["refused", "conflict"]))]
    outcome: Option<CommaList<EntryOutcome>>,
}

/// List the entries of an import
///
/// What became of each entry of the file, in the order of the file: where it stands, what article it is, or why it is none.
/// Of a dry run also what was found in it, and by which rules.
#[utoipa::path(
    tag = IMPORTS,
    params(ImportPath, EntryFilter, PageParameters),
    security(("key" = ["write"])),
    responses(
        (status = 200, description = "A page of entries.", body = List<ImportEntry>),
        ListProblems, AbsenceProblems, AccessProblems,
    ),
)]
#[get("/v1/imports/{ref}/entries")]
async fn list_import_entries(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ImportPath { reference }): Path<ImportPath>,
    Query(EntryFilter { outcome }): Query<EntryFilter>,
    Query(page): Query<PageParameters>,
) -> Result<HttpResponse, ApiError> {
    let page = Page::new(&request, page, in_file_order(), caller.audience(state.clock.now()))?;
    let connection = state.connection().await?;
    let id = find(&connection, &reference).await?.id;
    let outcomes = outcome.as_ref().map(|CommaList(outcomes)| outcomes.as_slice());
    let rows = db::list_entries(&connection, id, outcomes, page.window()).await?;
    let place = |(position, _): &EntryRow| Position { values: vec![SortValue::Integer(*position)], id: id.0 };
    let (rows, place) = page.cut(rows, place).into_parts();
    let entries = rows.into_iter().map(|(position, report)| ImportEntry { position, report }).collect();
    let count = || db::count_entries(&connection, id, outcomes);
    let total = page.total(|| std::future::ready(Ok(None)), count).await?;
    page.respond(&state.urls, entries, &Fields::default(), place, About { total, ..About::default() })
}

/// Cancel an import
///
/// Ends it: at once while it waits, after the batch that it is at while it is under way. What is in by then stays in, and
/// the same file sent again goes on from there. One that is over already is a clash.
#[utoipa::path(
    tag = IMPORTS,
    params(ImportPath, WriteParameters),
    security(("key" = ["write"])),
    responses(
        (status = 200, description = "The import as it is now; while it is under way, it ends soon.", body = Single<Import>),
        EndProblems, AbsenceProblems, AccessProblems,
    ),
)]
#[delete("/v1/imports/{ref}")]
async fn cancel_import(
    caller: Caller<Write>,
    request: HttpRequest,
    state: web::Data<State>,
    Path(ImportPath { reference }): Path<ImportPath>,
) -> Result<HttpResponse, ApiError> {
    write(&state, &caller, &request, async |writer| {
        let connection = writer.connection();
        let row = find(connection, &reference).await?;
        if !db::cancel(connection, row.id, writer.now()).await? {
            let detail = format!("the import is over: it is {}", row.state.as_str());
            return Err(ApiError::new(ProblemCode::Conflict, detail));
        }
        Answer::resource(&import(found(connection, row.id).await?, &state.urls))
    })
    .await
}

async fn find(connection: &Connection, reference: &str) -> Result<ImportRow, ApiError> {
    let row = match reference.parse::<ImportId>() {
        Ok(id) => db::find_import(connection, id).await?,
        Err(_) => None,
    };
    row.ok_or_else(|| ApiError::new(ProblemCode::NotFound, format!("there is no import {reference:?}")))
}

async fn found(connection: &Connection, id: ImportId) -> Result<ImportRow, ApiError> {
    let row: Result<_, DatabaseError> = db::find_import(connection, id).await;
    row?.ok_or_else(|| ApiError::internal("an import that was made is gone"))
}

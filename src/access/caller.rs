//! Who calls, and whether they may: an extractor that each handler has among its arguments.

use std::future::ready;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};

use super::Scope;
use super::db::{self, KeyRow};
use super::secret::Secret;
use crate::db::Audience;
use crate::http::error::ApiError;
use crate::state::State;
use crate::values::id::KeyId;

/// What a handler needs its caller to be allowed.
pub trait Right: 'static {
    /// The scope that a key needs.
    const SCOPE: Scope;
}

/// To read what is public. Needs no key, unless the configuration says so; a key that is shown is checked all the same.
#[derive(Debug)]
pub struct Read;

/// To read what is not public, such as revisions.
#[derive(Debug)]
pub struct Drafts;

/// To change content.
#[derive(Debug)]
pub struct Write;

/// To administer keys.
#[derive(Debug)]
pub struct Admin;

impl Right for Read {
    const SCOPE: Scope = Scope::Read;
}

impl Right for Drafts {
    const SCOPE: Scope = Scope::Drafts;
}

impl Right for Write {
    const SCOPE: Scope = Scope::Write;
}

impl Right for Admin {
    const SCOPE: Scope = Scope::Admin;
}

/// Whoever sent a request and may do what needs the right `R`: there is no other way to get one.
#[derive(Debug)]
pub struct Caller<R> {
    key: Option<Identity>,
    right: PhantomData<R>,
}

/// The key that a caller has shown.
#[derive(Debug)]
struct Identity {
    id: KeyId,
    scopes: Vec<Scope>,
}

impl<R> Caller<R> {
    /// The key that was shown; `None` of who reads without one.
    pub fn key(&self) -> Option<KeyId> {
        self.key.as_ref().map(|key| key.id)
    }

    /// The scopes of the key that was shown.
    pub fn scopes(&self) -> &[Scope] {
        self.key.as_ref().map_or(&[], |key| &key.scopes)
    }

    /// Whether the caller may see what is not public, such as drafts.
    pub fn may_read_drafts(&self) -> bool {
        is_allowed(self.scopes(), Scope::Drafts)
    }

    /// Refuses the caller what takes a scope beyond the handler's own.
    pub fn needs(&self, scope: Scope) -> Result<(), ApiError> {
        if is_allowed(self.scopes(), scope) { Ok(()) } else { Err(ApiError::insufficient_scope(scope.as_str())) }
    }

    /// What the caller may see of what is fetched by name: everything that is not deleted, or what is public.
    pub fn audience(&self, now: DateTime<Utc>) -> Audience {
        if self.may_read_drafts() { Audience::Editors { now } } else { Audience::Public { now } }
    }

    /// The caller as the record of changes names them.
    pub fn actor(&self) -> String {
        self.key().map_or_else(|| "anyone".to_owned(), |id| id.to_string())
    }
}

impl<R: Right> FromRequest for Caller<R> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_shown = request.headers().contains_key(AUTHORIZATION);
        let state = match State::of(request) {
            Ok(state) => state.clone(),
            Err(error) => return Box::pin(ready(Err(error))),
        };
        let secret = shown_secret(request);
        Box::pin(async move {
            let key = match (is_shown, secret) {
                (false, _) => None,
                (true, Some(secret)) => Some(identify(&state, &secret).await?),
                (true, None) => return Err(ApiError::refused_key()),
            };
            decide(key, R::SCOPE, state.has_public_reads).map(|key| Self { key, right: PhantomData })
        })
    }
}

/// Decides whether a caller with this key, or with none, may do what needs `needed`: the one place that does.
fn decide(key: Option<Identity>, needed: Scope, has_public_reads: bool) -> Result<Option<Identity>, ApiError> {
    match key {
        None if needed == Scope::Read && has_public_reads => Ok(None),
        None => Err(ApiError::missing_key()),
        Some(key) if is_allowed(&key.scopes, needed) => Ok(Some(key)),
        Some(_) => Err(ApiError::insufficient_scope(needed.as_str())),
    }
}

fn is_allowed(scopes: &[Scope], needed: Scope) -> bool {
    scopes.iter().any(|scope| scope.includes(needed))
}

/// The secret of `Authorization: Bearer vb_…` (RFC 6750 §2.1); `None` where the header says anything else, or twice.
fn shown_secret(request: &HttpRequest) -> Option<Secret> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(only), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, credentials) = only.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { Secret::parse(credentials.trim_matches(' ')) } else { None }
}

/// The valid key that a secret belongs to. An unknown, an expired and a revoked one are refused alike.
async fn identify(state: &State, secret: &Secret) -> Result<Identity, ApiError> {
    let connection = state.writing_connection().await?;
    let key = db::key_with_digest(&connection, &secret.digest()).await?;
    let now = state.clock.now();
    let key = key.filter(|key| key.is_valid(now)).ok_or_else(ApiError::refused_key)?;
    note_use(state, &key, now);
    Ok(Identity { id: key.id, scopes: key.scopes })
}

/// Notes beside the request that a key was used, about once a minute. A failure is no failure of the request.
fn note_use(state: &State, key: &KeyRow, now: DateTime<Utc>) {
    if !db::is_use_to_be_noted(key, now) {
        return;
    }
    let (state, id) = (state.clone(), key.id);
    tokio::spawn(async move {
        let noted = async { db::note_use(&*state.writing_connection().await?, id, now).await };
        if let Err(error) = noted.await {
            tracing::warn!(key = %id, %error, "the use of a key was not noted");
        }
    });
}

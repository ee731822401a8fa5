//! A server that does as little as one can to answer: it sends PostgreSQL recorded statements through tokio-postgres, in
//! one snapshot as the API does, reads every column of every row, and writes a recorded answer with serde.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::pin::pin;
use std::task::{Context, Waker};

use actix_web::http::header::ContentType;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::BytesMut;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};

use crate::proxy::Statement;

/// What the server is told: where the database is, and for each path its statements and its answer.
#[derive(Serialize, Deserialize)]
pub struct Recording {
    pub database: String,
    pub answers: HashMap<String, (Vec<Statement>, serde_json::Value)>,
}

/// A value as it goes over the wire.
#[derive(Debug)]
struct Raw(Option<Vec<u8>>);

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(self.0.as_ref().map_or(IsNull::Yes, |bytes| {
            out.extend_from_slice(bytes);
            IsNull::No
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Statements that are sent together, each with its parameters.
type Round = Vec<(tokio_postgres::Statement, Vec<Raw>)>;

/// A connection with every statement prepared: for each path, what is sent one after the other.
struct Prepared {
    client: Client,
    rounds: HashMap<String, Vec<Round>>,
}

impl Prepared {
    async fn new(recording: &Recording) -> Self {
        let (client, connection) = tokio_postgres::connect(&recording.database, NoTls).await.unwrap();
        actix_web::rt::spawn(connection);
        client.batch_execute("SET jit = off").await.unwrap();
        let mut rounds = HashMap::new();
        for (path, (statements, _)) in &recording.answers {
            let mut of_path: Vec<Round> = Vec::new();
            let mut last = None;
            for statement in statements {
                let types: Vec<Type> = statement.types.iter().map(|oid| Type::from_oid(*oid).unwrap()).collect();
                let prepared = client.prepare_typed(&statement.sql, &types).await.unwrap();
                let parameters = statement.parameters.iter().cloned().map(Raw).collect();
                if last.replace(statement.round) == Some(statement.round) {
                    of_path.last_mut().unwrap().push((prepared, parameters));
                } else {
                    of_path.push(vec![(prepared, parameters)]);
                }
            }
            rounds.insert(path.clone(), of_path);
        }
        Self { client, rounds }
    }

    async fn run(&self, path: &str) -> usize {
        let mut bytes = 0;
        send(self.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        for round in &self.rounds[path] {
            let queries = round.iter().map(|(statement, parameters)| {
                let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| value as _).collect();
                async move { self.client.query(statement, &parameters).await }
            });
            for row in try_join_all(queries).await.unwrap().iter().flatten() {
                bytes += (0..row.len())
                    .map(|column| row.get::<_, Raw>(column).0.map_or(0, |value| value.len()))
                    .sum::<usize>();
            }
        }
        send(self.client.batch_execute("ROLLBACK"));
        bytes
    }
}

/// Sends a statement whose answer nobody waits for: the first poll does.
fn send(statement: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    let _ = pin!(statement).poll(&mut Context::from_waker(Waker::noop()));
}

/// The free connections of one worker.
struct Connections(RefCell<Vec<Prepared>>);

async fn answer(
    request: HttpRequest,
    recording: web::Data<Recording>,
    connections: web::Data<Connections>,
) -> HttpResponse {
    let path = request.uri().path_and_query().unwrap().as_str();
    let free = connections.0.borrow_mut().pop();
    let connection = match free {
        Some(connection) => connection,
        None => Prepared::new(&recording).await,
    };
    std::hint::black_box(connection.run(path).await);
    connections.0.borrow_mut().push(connection);
    let body = serde_json::to_vec(&recording.answers[path].1).unwrap();
    HttpResponse::Ok().insert_header(ContentType::json()).body(body)
}

/// Serves what standard input tells; tells the port on standard output.
pub fn serve() {
    let recording: Recording = serde_json::from_reader(std::io::stdin()).unwrap();
    let recording = web::Data::new(recording);
    actix_web::rt::System::new()
        .block_on(async {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(recording.clone())
                    .app_data(web::Data::new(Connections(RefCell::new(Vec::new()))))
                    .default_service(web::to(answer))
            })
            .bind("127.0.0.1:0")
            .unwrap();
            println!("{}", server.addrs()[0].port());
            server.run().await
        })
        .unwrap();
}

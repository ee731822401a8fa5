//! A server of fixed bytes, without any middleware: the least that an answer can cost.

use std::collections::HashMap;

use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

async fn answer(request: HttpRequest, bodies: web::Data<HashMap<String, Bytes>>) -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::json()).body(bodies[request.path()].clone())
}

/// Serves what standard input tells; tells the port on standard output.
pub fn serve() {
    let bodies: HashMap<String, String> = serde_json::from_reader(std::io::stdin()).unwrap();
    let bodies: HashMap<String, Bytes> = bodies.into_iter().map(|(path, body)| (path, body.into())).collect();
    let bodies = web::Data::new(bodies);
    actix_web::rt::System::new()
        .block_on(async {
            let server = HttpServer::new(move || App::new().app_data(bodies.clone()).default_service(web::to(answer)))
                .bind("127.0.0.1:0")
                .unwrap();
            println!("{}", server.addrs()[0].port());
            server.run().await
        })
        .unwrap();
}

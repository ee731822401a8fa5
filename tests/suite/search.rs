//! Searching: articles and quotes by words, people and labels by names.

use serde_json::Value;

use crate::support::TestServer;

fn import(server: &TestServer, title: &str, date: &str, body: &str) {
    let name: String = title.chars().filter(char::is_ascii_alphanumeric).chain(".txt".chars()).collect();
    let report = server.import(&name, format!("{title}\n{date}\n{body}\nLabels: Words\n"));
    assert_eq!(report.tally.created, 1, "{title}");
}

fn titles(server: &TestServer, query: &str) -> Vec<String> {
    let mut titles = server.get(&format!("/v1/articles?{query}")).column("/title");
    titles.sort();
    titles
}

/// Puts an article into a language.
fn set_language(server: &TestServer, slug: &str, language: &str) {
    server.database.execute(&format!("UPDATE articles SET language = '{language}' WHERE slug = '{slug}'"));
}

fn harbour() -> TestServer {
    let server = TestServer::start();
    import(&server, "Ringing", "May 1, 2023", "The keepers rang the old bell when the ferry came in.");
    import(&server, "Silence", "May 2, 2023", "No bell is old enough for the museum, the ferry company thinks.");
    import(&server, "Budget", "May 3, 2023", "The council has a budget for the school and for a ferry.");
    server
}

#[test]
fn every_word_must_be_found_in_whatever_form_it_stands() {
    let server = harbour();
    assert_eq!(titles(&server, "q=bells"), ["Ringing", "Silence"]);
    assert_eq!(titles(&server, "q=bell+ferries"), ["Ringing", "Silence"]);
    assert_eq!(titles(&server, "q=bell+council"), [""; 0]);
    assert_eq!(titles(&server, "q=BUDGETS"), ["Budget"]);
    assert_eq!(titles(&server, "q=silence"), ["Silence"], "titles count");
}

#[test]
fn phrases_alternatives_and_exclusions_are_written_as_on_the_web() {
    let server = harbour();
    assert_eq!(titles(&server, "q=%22old+bell%22"), ["Ringing"]);
    assert_eq!(titles(&server, "q=museum+or+council"), ["Budget", "Silence"]);
    assert_eq!(titles(&server, "q=ferry+-bell"), ["Budget"]);
    assert_eq!(titles(&server, "q=ferry+-%22old+bell%22"), ["Budget", "Silence"]);
    for odd in ["q=%22old+bell", "q=bell+%26%26+(", "q=bell:*+!", "q=%5Cbell'+%3C-%3E+old"] {
        assert_eq!(server.get(&format!("/v1/articles?{odd}")).status, 200, "{odd}");
    }
}

#[test]
fn accents_do_not_matter() {
    let server = TestServer::start();
    import(&server, "At the Café", "May 1, 2023", "The naïve über-waiter of Señor Núñez spilled the rosé.");
    import(&server, "Plain", "May 2, 2023", "The cafe is closed.");
    assert_eq!(titles(&server, "q=cafe"), ["At the Café", "Plain"]);
    assert_eq!(titles(&server, "q=caf%C3%A9s"), ["At the Café", "Plain"]);
    assert_eq!(titles(&server, "q=nunez+rose"), ["At the Café"]);
    let article = &server.get("/v1/articles?q=nunez&highlight=true").data()[0];
    let snippet = article["highlight"]["body"][0].as_str().unwrap();
    assert!(snippet.contains("über-waiter of Señor <mark>Núñez</mark> spilled"), "{snippet}");
}

#[test]
fn each_article_is_searched_in_its_own_language() {
    let server = TestServer::start();
    import(&server, "Deutsch", "May 1, 2023", "Die Glocken der Stadt schweigen, die Häuser stehen leer.");
    import(&server, "English", "May 2, 2023", "They die like the bells of a town in Glocken.");
    set_language(&server, "deutsch", "de-AT");
    assert_eq!(titles(&server, "q=glocke"), ["Deutsch"], "only German knows that Glocken are several of a Glocke");
    assert_eq!(titles(&server, "q=haus"), ["Deutsch"]);
    assert_eq!(titles(&server, "q=die"), ["English"], "in German the word is an article");
    assert_eq!(titles(&server, "q=glocken"), ["Deutsch", "English"]);
    assert_eq!(titles(&server, "q=glocken&language=en"), ["English"]);
    assert_eq!(server.get("/v1/articles?q=die&language=de-AT").status, 400);
    set_language(&server, "deutsch", "tlh");
    assert_eq!(titles(&server, "q=haus"), [""; 0], "words of an unknown language are found as they are written");
    assert_eq!(titles(&server, "q=hauser"), ["Deutsch"]);
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    let server = harbour();
    for list in ["articles", "quotes"] {
        for q in ["the", "%26%26+!", "-bell", "+", "the+-bell"] {
            let problem = server.get(&format!("/v1/{list}?q={q}")).problem();
            assert_eq!(problem["code"], "invalid_parameter", "{q}");
            assert_eq!(problem["errors"][0]["parameter"], "q", "{q}");
            assert!(problem["detail"].as_str().unwrap().contains("a word to look for"), "{problem}");
        }
    }
    let too_long = "a".repeat(301);
    for path in ["articles?", "quotes?", "people?", "labels?", "search?", "suggest?", "articles?sort=title&"] {
        for q in ["", "a%00b", &too_long] {
            let problem = server.get(&format!("/v1/{path}q={q}")).problem();
            assert_eq!(
                (&problem["code"], &problem["errors"][0]["parameter"]),
                (&"invalid_parameter".into(), &"q".into())
            );
        }
    }
    for path in ["people?q=%26", "labels?q=%26", "search?q=%26", "suggest?q=--"] {
        let problem = server.get(&format!("/v1/{path}")).problem();
        assert_eq!(problem["errors"][0]["parameter"], "q", "{path}");
    }
    for (query, parameter) in
        [("sort=relevance", "sort"), ("sort=-published_at,relevance", "sort"), ("highlight=true", "highlight")]
    {
        for list in ["articles", "quotes"] {
            let problem = server.get(&format!("/v1/{list}?{query}")).problem();
            assert_eq!(problem["errors"][0]["parameter"], parameter);
            assert!(problem["detail"].as_str().unwrap().contains("only together with q"));
        }
    }
}

#[test]
fn highlights_mark_what_was_found_and_escape_everything_else() {
    let server = TestServer::start();
    let body = "A <script>alert('bell')</script> & a \"Bell\" &lt;img&gt; rang over 3 < 4 bells.\n\nNothing here.";
    import(&server, "Bell & <b>Bough</b>", "May 1, 2023", body);
    let article = &server.get("/v1/articles?q=bell&highlight=true").data()[0];
    let highlight = &article["highlight"];
    assert_eq!(highlight["title"], "<mark>Bell</mark> &amp; &lt;b&gt;Bough&lt;/b&gt;");
    let snippets: Vec<&str> = highlight["body"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let all = snippets.join("|");
    assert!(all.contains("script&gt;alert(") && all.contains("&amp;lt;img&amp;gt;"), "{all}");
    assert!(all.contains("<mark>bells</mark>"), "{all}");
    assert!(!all.replace("<mark>", "").replace("</mark>", "").contains(['<', '>', '"']), "{all}");
    assert!(server.get("/v1/articles?q=bell").data()[0].get("highlight").is_none());
    let untitled = &server.get("/v1/articles?q=rang&highlight=true").data()[0]["highlight"];
    assert!(untitled.get("title").is_none());
    let titled = &server.get("/v1/articles?q=bough&highlight=true").data()[0]["highlight"];
    assert_eq!(titled["body"], serde_json::json!([]));
}

#[test]
fn the_best_match_comes_first_unless_it_is_old() {
    let server = TestServer::start();
    import(
        &server,
        "Passing",
        "May 4, 2023",
        "A long text about nets and boats and the men who mend them, with one bell in it.",
    );
    import(&server, "The Bell", "May 1, 2023", "The bell is a bell, and the bell rings.");
    import(&server, "The Bell of Old", "May 1, 1950", "The bell is a bell, and the bell rings.");
    let order = |query: &str| server.get(&format!("/v1/articles?q=bell{query}")).column("/title");
    assert_eq!(order(""), ["The Bell", "Passing", "The Bell of Old"]);
    assert_eq!(order("&sort=relevance"), order(""));
    assert_eq!(order("&sort=-relevance"), ["The Bell of Old", "Passing", "The Bell"]);
    assert_eq!(order("&sort=-published_at"), ["Passing", "The Bell", "The Bell of Old"]);
    assert_eq!(order("&sort=relevance,title"), order(""));
}

#[test]
fn a_list_by_relevance_is_walked_without_gaps_or_repeats() {
    let server = TestServer::start();
    server.database.execute(
        "BEGIN; INSERT INTO articles (id, slug, title, status, published_at, body_format, body_source, body_html, body_text, created_at, updated_at) \
         SELECT gen_random_uuid(), 'a-' || n, 'Article ' || n, 'published', timestamptz '2020-01-01' + (n % 5) * interval '1 hour', \
                'plain', '', '', repeat('bell ', 1 + n % 3), now(), now() FROM generate_series(1, 45) AS n; \
         INSERT INTO article_slugs SELECT slug, id FROM articles; COMMIT",
    );
    let whole = server.get("/v1/articles?q=bell&limit=100").column("/slug");
    assert_eq!(whole.len(), 45);
    for sort in ["relevance", "-relevance", "relevance,-published_at", "-published_at,relevance"] {
        let whole = server.get(&format!("/v1/articles?q=bell&limit=100&sort={sort}")).column("/slug");
        let mut seen = Vec::new();
        let mut before = Vec::new();
        let mut next = Some(format!("/v1/articles?q=bell&limit=7&sort={sort}"));
        while let Some(path) = next {
            let answer = server.get(&path);
            if let Some(previous) = answer.json()["links"]["prev"].as_str() {
                assert_eq!(server.get(previous).column("/slug"), before, "{sort}: back again");
            }
            before = answer.column("/slug");
            seen.extend(before.clone());
            next = answer.json()["links"]["next"].as_str().map(str::to_owned);
        }
        assert_eq!(seen, whole, "{sort}");
    }
    assert_eq!(server.get("/v1/articles?q=bell&limit=10&page=3").column("/slug"), whole[20..30]);
}

#[test]
fn matches_are_counted_and_combined_with_other_filters() {
    let server = harbour();
    let meta = |path: &str| server.get(path).json()["meta"].take();
    assert_eq!(meta("/v1/articles?q=bell&limit=1&count=exact")["total"], 2);
    assert_eq!(
        meta("/v1/articles?q=ferry&label=words&published_at[lt]=2023-05-02T12:00:00Z&count=estimated")["total"],
        2
    );
    assert_eq!(server.get("/v1/labels/words/articles?q=museum").column("/title"), ["Silence"]);
    assert_eq!(server.get("/v1/labels/words/articles?q=museum&sort=title").column("/title"), ["Silence"]);
}

#[test]
fn quotes_are_found_by_their_words_their_speaker_or_both() {
    let server = TestServer::start();
    let body = "\"The bells are ringing in the harbour,\" said Ada Quill, harbour warden at the Tern Society. \
                \"Nobody rang the bell before the flood,\" said Bo Maré, a fisher.\n";
    import(&server, "Voices", "May 1, 2023", body);
    let texts = |query: &str| {
        let mut texts = server.get(&format!("/v1/quotes?{query}")).column("/text");
        texts.sort();
        texts
    };
    let [bells, nobody] = ["The bells are ringing in the harbour,", "Nobody rang the bell before the flood,"];
    assert_eq!(texts("q=bell"), [nobody, bells]);
    assert_eq!(texts("q=ring"), [bells]);
    assert_eq!(texts("q=quill"), [bells]);
    assert_eq!(texts("q=mare+flood"), [nobody]);
    assert_eq!(texts("q=mare+harbour"), [""; 0]);
    assert_eq!(texts("q=bell+-quill"), [nobody]);
    assert_eq!(texts("q=%22before+the+flood%22"), [nobody]);
    let quotes = server.get("/v1/quotes?q=bell&highlight=true&sort=-published_at").data();
    let marked: Vec<&Value> = quotes.as_array().unwrap().iter().map(|quote| &quote["highlight"]["text"]).collect();
    assert!(marked.contains(&&Value::from("Nobody rang the <mark>bell</mark> before the flood,")), "{marked:?}");
    assert_eq!(
        server.get("/v1/quotes?q=quill&highlight=true").data()[0]["highlight"]["text"],
        "The bells are ringing in the harbour,"
    );
    assert_eq!(server.get("/v1/people/ada-quill/quotes?q=bell&count=exact").json()["meta"]["total"], 1);
    assert_eq!(server.get("/v1/articles/voices/quotes?q=bell&limit=1&count=exact").json()["meta"]["total"], 2);
}

#[test]
fn people_and_labels_are_found_by_the_beginnings_of_their_names_and_by_likeness() {
    let server = TestServer::with_sample();
    server.import(
        "n.txt",
        "Names\nMay 1, 2023\n\"We will see about that one day,\" said Zoë Núñez, keeper.\nLabels: Fähre\n",
    );
    let names = |path: &str| server.get(path).column("/name");
    for q in ["maren", "MAREN+toll", "tolliver-haag", "haag+mar", "mar%C3%A9n+haag", "marren+toliver"] {
        assert!(names(&format!("/v1/people?q={q}")).contains(&"Maren Tolliver-Haag".to_owned()), "{q}");
    }
    assert_eq!(names("/v1/people?q=nune"), ["Zoë Núñez"]);
    assert!(names("/v1/people?q=olliver+xyz").is_empty());
    for q in ["fer", "line", "ferry+li", "fery+line"] {
        assert!(names(&format!("/v1/labels?q={q}&sort=name")).contains(&"Ferry Line".to_owned()), "{q}");
    }
    assert_eq!(names("/v1/labels?q=fahr"), ["Fähre"]);
    server.database.execute(
        "INSERT INTO person_aliases SELECT id, 'la duchessa', 'La Duchessa' FROM people WHERE slug = 'zoe-nunez'; \
         INSERT INTO label_names SELECT 'bac', id, 'Bac' FROM labels WHERE slug = 'fahre'",
    );
    assert_eq!(names("/v1/people?q=duch&count=exact"), ["Zoë Núñez"]);
    assert_eq!(names("/v1/labels?q=bac&count=exact"), ["Fähre"]);
}

#[test]
fn everything_is_searched_at_once() {
    let server = TestServer::with_sample();
    let results = server.get("/v1/search?q=ferry&limit=3").data();
    for (group, most) in [("articles", 3), ("quotes", 3), ("people", 3), ("labels", 3)] {
        let rows = results[group].as_array().unwrap();
        assert!(!rows.is_empty() && rows.len() <= most, "{group}: {rows:?}");
    }
    let best = &results["articles"][0];
    assert_eq!(best["article"]["url"], format!("/v1/articles/{}", best["article"]["slug"].as_str().unwrap()));
    assert!(best["snippet"].as_str().is_none_or(|snippet| snippet.contains("<mark>")));
    assert!(results["quotes"][0]["snippet"].as_str().unwrap().contains("<mark>"));
    assert!(results["quotes"][0]["quote"]["url"].as_str().unwrap().starts_with("/v1/quotes/quo_"));
    assert!(results["labels"].as_array().unwrap().iter().any(|label| label["slug"] == "ferry-line"));
    let people = server.get("/v1/search?q=maren+tolliver-haag").data();
    assert_eq!(people["people"][0]["slug"], "maren-tolliver-haag");
    assert_eq!(people["quotes"][0]["speaker"]["slug"], "maren-tolliver-haag");
    assert_eq!(server.get("/v1/search?q=the").data()["articles"], serde_json::json!([]));
    let nothing = server.get("/v1/search?q=xyzzyplugh").data();
    assert_eq!(nothing, serde_json::json!({ "articles": [], "quotes": [], "people": [], "labels": [] }));
    assert_eq!(server.get("/v1/search").status, 400);
}

#[test]
fn suggestions_begin_with_names_that_begin_so() {
    let server = TestServer::start();
    let text = "Names\nMay 1, 2023\n\"We will certainly see about that,\" said Pera Ferris, keeper. \
                \"That remains to be seen by everyone,\" said Fern Osk, a fisher.\nLabels: Ferry Line, Old Ferry, Fury, Terns\n";
    server.import("n.txt", text);
    let suggested = |q: &str| {
        let data = server.get(&format!("/v1/suggest?q={q}")).data();
        let rows = data.as_array().unwrap().iter();
        rows.map(|row| format!("{} {}", row["type"].as_str().unwrap(), row["name"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(suggested("fer"), ["person Fern Osk", "label Ferry Line", "label Old Ferry", "person Pera Ferris"]);
    let exact_then_near = ["label Ferry Line", "label Old Ferry", "person Pera Ferris", "person Fern Osk"];
    assert_eq!(suggested("FERR"), exact_then_near);
    assert_eq!(suggested("fery")[..2], ["label Old Ferry", "label Ferry Line"], "spelled nearly so");
    assert_eq!(suggested("fe+os"), ["person Fern Osk"]);
    assert_eq!(server.get("/v1/suggest?q=fer&limit=2").data().as_array().unwrap().len(), 2);
    let first = server.get("/v1/suggest?q=ferry+line").data()[0].take();
    assert_eq!(first["url"], "/v1/labels/ferry-line");
    assert_eq!(server.get(first["url"].as_str().unwrap()).data()["id"], first["id"]);
}

#[test]
fn what_is_not_public_is_not_found_by_any_word() {
    let server = TestServer::start();
    import(&server, "Open", "May 1, 2023", "Nothing but the sea.");
    let secret = "Zanzaqua Rising\nMay 1, 2999\nOur zanzaqua is \"a zanzaqua of the first and finest water,\" said \
                  Zanzaqua Brill, keeper at the Zanzaqua Institute.\nLabels: Zanzaqua\n";
    assert_eq!(server.import("secret.txt", secret).tally.created, 1);
    let is_nowhere = || {
        for path in [
            "articles?count=exact&highlight=true&",
            "articles?count=estimated&sort=title&",
            "quotes?count=exact&",
            "people?count=exact&",
            "labels?count=exact&",
        ] {
            let answer = server.get(&format!("/v1/{path}q=zanzaqua"));
            assert_eq!((answer.status, &answer.json()["data"]), (200, &serde_json::json!([])), "{path}");
            assert_eq!(answer.json()["meta"]["total"], 0, "{path}");
        }
        let nothing = serde_json::json!({ "articles": [], "quotes": [], "people": [], "labels": [] });
        assert_eq!(server.get("/v1/search?q=zanzaqua").data(), nothing);
        assert_eq!(server.get("/v1/suggest?q=zanz").data(), serde_json::json!([]));
    };
    is_nowhere();
    server.database.execute("UPDATE articles SET status = 'draft' WHERE slug = 'zanzaqua-rising'");
    is_nowhere();
}

#[test]
fn a_body_of_any_size_and_make_can_be_stored_and_found() {
    let server = TestServer::start();
    server.database.execute(
        "BEGIN; INSERT INTO articles (id, slug, title, status, published_at, body_format, body_source, body_html, body_text, created_at, updated_at) \
         SELECT gen_random_uuid(), 'long', 'Behemoth', 'published', '2020-01-01', 'plain', '', '', \
                'firstword ' || string_agg(md5(n::text) || '-' || md5((-n)::text), ' '), now(), now() FROM generate_series(1, 40000) AS n; \
         INSERT INTO article_slugs SELECT slug, id FROM articles; COMMIT",
    );
    assert_eq!(titles(&server, "q=behemoth+firstword&highlight=true"), ["Behemoth"]);
}

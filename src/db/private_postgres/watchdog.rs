//! Stops the server, and removes what a throwaway cluster wrote, when we end without doing so ourselves.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::error::{At, Error};
use super::layout::Layout;

/// Reads the server's process number from us; the end of that input means that we are gone. A signal goes only to
/// a process that `postmaster.pid` names too, and a directory is removed only if it carries our mark.
const SCRIPT: &str = r#"
cluster=$1 dir=$2 token=$3 pid=
trap '' HUP INT TERM
while read -r line; do pid=$line; done

alive() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
named() { first=; { read -r first < "$cluster/postmaster.pid"; } 2>/dev/null; [ "$first" = "$pid" ]; }

# Killed while the server was starting: it has not written its number yet.
n=0; while alive && ! named && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
if alive && named; then kill -INT "$pid"; fi

case $dir in /*/?*) ;; *) exit 0 ;; esac
n=0; while alive && named && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
if alive && named; then kill -QUIT "$pid"; sleep 1; fi
mark=; { read -r mark < "$dir/throwaway"; } 2>/dev/null
[ -n "$token" ] && [ "$mark" = "$token" ] || exit 0
# Again while an initdb that lost its parent still writes.
n=0; while [ -e "$dir" ] && [ $n -lt 20 ]; do rm -rf -- "$dir" || sleep 0.1; n=$((n+1)); done
"#;

/// A shell that waits for our end. It costs no thread, and works on every Unix.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Started first, so that it also clears up after an initialisation that was cut short.
    pub(super) fn spawn(layout: &Layout) -> Result<Watchdog, Error> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "verbatim-watchdog"]).arg(layout.cluster());
        if let Some(token) = layout.throwaway() {
            command.arg(layout.data_dir()).arg(token);
        }
        let shell = command
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .at("run", "/bin/sh".as_ref())?;
        Ok(Watchdog { shell })
    }

    /// Names the process to stop. The latest one counts.
    pub(super) fn watch(&mut self, pid: u32) -> Result<(), Error> {
        let Some(pipe) = &mut self.shell.stdin else {
            return Ok(());
        };
        writeln!(pipe, "{pid}").at("write to", "/bin/sh".as_ref())
    }

    /// Lets it do what is left to do, and waits for that.
    pub(super) fn finish(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.finish();
    }
}

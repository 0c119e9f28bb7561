//! What one line of a command does.

use super::WAY_OUT;
use super::words::{Line, Word, lines, needs_shell};
use crate::spec::{ChangeAction, Invalid, ProcessLookup, ProcessSignal, ProgramCall, SignalName};

/// The options of a shell before a script.
pub(super) const SCRIPT: [&str; 3] = ["-c", "-ec", "-ce"];

/// The actions of a line; none where it has no effect.
pub(super) fn of_line(line: &Line) -> Result<Vec<ChangeAction>, Invalid> {
    let done = match line.commands.as_slice() {
        [command] => of_command(command)?,
        [names, xargs] => vec![piped(names, xargs)?],
        _ => return Err(needs_shell("|")),
    };
    match line.otherwise && !done.is_empty() {
        true => Err(Invalid::new(format!(
            "must do one thing, and has another one after \"||\": {WAY_OUT}"
        ))),
        false => Ok(done),
    }
}

fn of_command(command: &[Word]) -> Result<Vec<ChangeAction>, Invalid> {
    let Some((Word::Plain(program), arguments)) = command.split_first() else {
        return Err(needs_shell(command.first().map_or("", shown)));
    };
    let one = |action| vec![action];
    let name = program.rsplit('/').next().unwrap_or(program);
    match (name, arguments) {
        ("exec" | "nohup", [_, ..]) => of_command(arguments),
        ("true" | ":" | "echo" | "exit", _) => Ok(Vec::new()),
        ("sh" | "bash" | "ash" | "dash", [Word::Plain(option), Word::Plain(script)])
            if SCRIPT.contains(&&**option) =>
        {
            let mut done = Vec::new();
            for line in lines(script)? {
                done.extend(of_line(&line)?);
            }
            Ok(done)
        }
        ("kill", _) => kill(arguments).map(one),
        ("killall", _) => by_name(arguments, ProcessLookup::Name).map(one),
        ("pkill", _) => by_name(arguments, ProcessLookup::Part).map(one),
        ("curl" | "wget", _) => {
            let arguments = plain(arguments)?;
            super::request::read(name, &arguments).map(one)
        }
        ("sh" | "bash" | "ash" | "dash", _) => Err(needs_shell(program)),
        _ if program.starts_with('/') => {
            let arguments = plain(arguments)?;
            let arguments = arguments.into_iter().map(str::to_owned).collect();
            ProgramCall::new(program.clone(), arguments).map(|call| one(ChangeAction::Run(call)))
        }
        _ => Err(Invalid::new(format!(
            "runs {program:?}, which the refresher's image does not have: {WAY_OUT}"
        ))),
    }
}

/// `kill -HUP $(pidof app)`.
fn kill(arguments: &[Word]) -> Result<ChangeAction, Invalid> {
    let (signal, others) = signal(arguments)?;
    match others.as_slice() {
        [Word::Output(of, shown)] => match of.as_slice() {
            [Line { commands, .. }] => match commands.as_slice() {
                [names] => processes(signal, names).ok_or_else(|| needs_shell(shown)),
                _ => Err(needs_shell(shown)),
            },
            _ => Err(needs_shell(shown)),
        }?,
        [Word::Plain(number), ..] => Err(Invalid::new(format!(
            "signals {number:?}, which is another process at each start: find it by its name, e.g. kill -HUP $(pidof app)"
        ))),
        _ => Err(one_name()),
    }
}

/// `pidof app | xargs kill -HUP`.
fn piped(names: &[Word], xargs: &[Word]) -> Result<ChangeAction, Invalid> {
    let mut rest = plain(xargs)?.into_iter().peekable();
    let is_xargs = rest.next() == Some("xargs");
    while rest
        .next_if(|word| matches!(*word, "-r" | "-t" | "--no-run-if-empty"))
        .is_some()
    {}
    if !is_xargs
        || rest
            .next()
            .is_none_or(|word| word.rsplit('/').next() != Some("kill"))
    {
        return Err(needs_shell(&format!(
            "{} |",
            names.first().map_or("", shown)
        )));
    }
    let options: Vec<_> = rest.map(|word| Word::Plain(word.to_owned())).collect();
    let (signal, others) = signal(&options)?;
    match others.is_empty() {
        true => processes(signal, names).ok_or_else(|| needs_shell("|"))?,
        false => Err(one_name()),
    }
}

/// The processes that `pidof app` or `pgrep app` prints; `None` where it is something else.
fn processes(signal: SignalName, names: &[Word]) -> Option<Result<ChangeAction, Invalid>> {
    let (Word::Plain(program), arguments) = names.split_first()? else {
        return None;
    };
    let lookup = match program.rsplit('/').next()? {
        "pidof" => ProcessLookup::Name,
        "pgrep" => ProcessLookup::Part,
        _ => return None,
    };
    Some(looked_up(signal, arguments, lookup))
}

/// `killall -HUP app`, `pkill -HUP app`.
fn by_name(arguments: &[Word], lookup: ProcessLookup) -> Result<ChangeAction, Invalid> {
    let (signal, others) = signal(arguments)?;
    looked_up(signal, others, lookup)
}

fn looked_up<'w>(
    signal: SignalName,
    words: impl IntoIterator<Item = &'w Word>,
    mut lookup: ProcessLookup,
) -> Result<ChangeAction, Invalid> {
    let words = plain(words)?;
    let mut names = Vec::new();
    for word in words {
        match (word, lookup) {
            ("-f", ProcessLookup::Part) => lookup = ProcessLookup::CommandLine,
            ("-x", ProcessLookup::Part) => lookup = ProcessLookup::Name,
            ("-x", _) | ("--", _) => {}
            (option, _) if option.starts_with('-') => {
                return Err(Invalid::new(format!(
                    "has {option:?}: of the options that choose processes -f and -x are known"
                )));
            }
            (name, _) => names.push(name),
        }
    }
    let [name] = names.as_slice() else {
        return Err(one_name());
    };
    if lookup != ProcessLookup::Name && name.contains(|c| "^$*+?|[](){}\\".contains(c)) {
        return Err(Invalid::new(format!(
            "looks for {name:?}, a regular expression: name a part of the process's name or, with -f, of its command line"
        )));
    }
    ProcessSignal::new(signal, lookup, (*name).to_owned()).map(ChangeAction::Processes)
}

/// Options that choose processes: by the whole name, by the command line, the oldest, the newest.
const CHOICES: [&str; 4] = ["-x", "-f", "-o", "-n"];

/// The signal among the arguments, TERM where none is named, and the others.
fn signal<'w>(
    words: impl IntoIterator<Item = &'w Word>,
) -> Result<(SignalName, Vec<&'w Word>), Invalid> {
    let (mut name, mut others) = ("TERM", Vec::new());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word {
            Word::Plain(option) if matches!(&**option, "-s" | "--signal") => match words.next() {
                Some(Word::Plain(given)) => name = given,
                _ => return Err(Invalid::new(format!("must name a signal after {option}"))),
            },
            Word::Plain(option) if CHOICES.contains(&&**option) => others.push(word),
            Word::Plain(option) if option.starts_with('-') && option.len() > 1 => {
                let given = option.strip_prefix("--signal=").unwrap_or(option);
                name = given.strip_prefix('-').unwrap_or(given);
            }
            _ => others.push(word),
        }
    }
    Ok((named_signal(name)?, others))
}

/// A signal by its name, or by one of the numbers that are the same everywhere.
fn named_signal(text: &str) -> Result<SignalName, Invalid> {
    let text = match text {
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "9" => "KILL",
        "10" => "USR1",
        "12" => "USR2",
        "15" => "TERM",
        name => name,
    };
    text.to_ascii_uppercase().parse()
}

fn plain<'w>(words: impl IntoIterator<Item = &'w Word>) -> Result<Vec<&'w str>, Invalid> {
    let words = words.into_iter().map(|word| match word {
        Word::Plain(text) => Ok(text.as_str()),
        Word::Output(_, shown) => Err(needs_shell(shown)),
    });
    words.collect()
}

fn shown(word: &Word) -> &str {
    match word {
        Word::Plain(text) | Word::Output(_, text) => text,
    }
}

fn one_name() -> Invalid {
    Invalid::new("must signal the processes of one name, e.g. kill -HUP $(pidof app)")
}

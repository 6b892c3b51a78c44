//! Rounds: control, ours, peer, over and over in turn; the best of each against the best of the other.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::http::Connection;
use support::process::{Launch, Server, scratch};

use crate::load::{Load, Measured, Stop};
use crate::options::Options;
use crate::pairs::{self, Pair, Side, VALUE};

/// A round does not count when the control is this many times slower than in the best round.
const VOID: f64 = 3.0;
/// Nor when other processes used more than this part of the machine.
const FOREIGN: f64 = 0.2;

/// For one round that counts there may be so many that do not, before we make do with what there is.
const TRIES: usize = 2;
/// How long a round waits for other processes to calm down.
const PATIENCE: Duration = Duration::from_secs(20);

/// All valid rounds of a pair.
#[derive(Debug)]
pub(crate) struct Outcome {
    control: Vec<Measured>,
    ours: Vec<Measured>,
    peer: Vec<Measured>,
    /// Processor time of others in each round, as a part of all the cores.
    foreign: Vec<f64>,
    void: usize,
    /// Other processes worked in every single round.
    busy: bool,
}

/// A server that runs, with its load.
struct Running {
    side: Side,
    server: Server,
    load: Load,
    /// Good answers so far.
    answered: usize,
    _data: tempfile::TempDir,
}

pub(crate) fn measure(
    pair: &Pair,
    program: &Path,
    options: &Options,
) -> Result<Outcome, Box<dyn Error>> {
    let mut control = Running::start(pairs::control(program))?;
    let mut ours = Running::start(pair.ours.clone())?;
    let mut peer = Running::start(pair.peer.clone())?;
    let mut outcome = Outcome {
        control: Vec::new(),
        ours: Vec::new(),
        peer: Vec::new(),
        foreign: Vec::new(),
        void: 0,
        busy: false,
    };
    let mut quiet = 0;
    for round in 1..=options.rounds * TRIES {
        wait_for_quiet();
        let busy = Busy::now();
        let used = |servers: [&Running; 3]| {
            let each = servers.iter().map(|one| one.server.processor());
            each.sum::<Duration>() + own_processor()
        };
        let before = used([&control, &ours, &peer]);
        outcome.control.push(control.measure(options.each)?);
        outcome.ours.push(ours.measure(options.each)?);
        outcome.peer.push(peer.measure(options.each)?);
        let foreign = busy.foreign(used([&control, &ours, &peer]).saturating_sub(before));
        outcome.foreign.push(foreign);
        println!("round {round}: {}", outcome.last());
        quiet += usize::from(foreign <= FOREIGN);
        if quiet == options.rounds {
            break;
        }
    }
    for one in [&control, &ours, &peer] {
        one.check_sum()?;
    }
    outcome.drop_void();
    Ok(outcome)
}

impl Running {
    fn start(side: Side) -> Result<Self, Box<dyn Error>> {
        let folder = scratch();
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data)?;
        let arguments: Vec<&str> = side.arguments.iter().map(String::as_str).collect();
        let server = Launch {
            threads: 1,
            variables: &side.variables,
            wrapper: &["taskset", "-c", "0"],
            arguments: &arguments,
            ..Launch::new(&side.program, &data)
        }
        .spawn()?;
        let address = server.address();
        let load = Load::new(address, side.clone());
        let mut running = Self {
            side,
            server,
            load,
            answered: 0,
            _data: folder,
        };
        let began = Instant::now();
        while let Err(fault) = Connection::open(address) {
            if began.elapsed() > Duration::from_secs(30) || !running.server.is_alive() {
                return Err(
                    format!("{}: {fault}\n{}", running.side.name, running.server.log()).into(),
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        running.warm()?;
        Ok(running)
    }

    /// Every object once or more, and half a second of load.
    fn warm(&mut self) -> Result<(), Box<dyn Error>> {
        let touched = self.drive(Stop::Requests(self.load.len()))?;
        let loaded = self.drive(Stop::Time(Duration::from_millis(500)))?;
        self.answered += touched.answered + loaded.answered;
        Ok(())
    }

    fn measure(&mut self, each: Duration) -> Result<Measured, Box<dyn Error>> {
        self.warm()?;
        let measured = self.drive(Stop::Time(each))?;
        self.answered += measured.answered;
        Ok(measured)
    }

    fn drive(&self, stop: Stop) -> Result<Measured, Box<dyn Error>> {
        self.load
            .drive(stop)
            .map_err(|fault| format!("{}: {fault}\n{}", self.side.name, self.server.log()).into())
    }

    /// The values of all the objects together are the answers we got: nothing was skipped to be quick.
    fn check_sum(&self) -> Result<(), Box<dyn Error>> {
        if !self
            .side
            .asks
            .iter()
            .any(|ask| ask.body.contains("increment"))
        {
            return Ok(());
        }
        let mut connection = Connection::open(self.load.address)?;
        let mut sum = 0;
        for ask in &self.side.asks {
            let headers = ["Content-Type: application/json"];
            let response = connection.request("POST", &ask.path, &headers, VALUE.as_bytes())?;
            sum += response
                .json()?
                .get("result")
                .and_then(Value::as_u64)
                .ok_or("no result")?;
        }
        if sum == self.answered as u64 {
            return Ok(());
        }
        Err(format!(
            "{}: {} increments were answered, the values sum up to {sum}",
            self.side.name, self.answered
        )
        .into())
    }
}

impl Outcome {
    fn last(&self) -> String {
        let show = |all: &[Measured]| all.last().map(ToString::to_string).unwrap_or_default();
        let foreign = self.foreign.last().copied().unwrap_or_default() * 100.0;
        format!(
            "control {} | stayput {} | peer {} | other processes {foreign:.0} %",
            show(&self.control),
            show(&self.ours),
            show(&self.peer)
        )
    }

    /// Keeps the rounds in which the machine was itself and ours; if it never was, those in which it was itself.
    fn drop_void(&mut self) {
        let best = best(&self.control);
        let steady = |round: usize| {
            self.control
                .get(round)
                .is_some_and(|one| one.rate() * VOID >= best)
        };
        let quiet = |round: usize| self.foreign.get(round).is_some_and(|part| *part <= FOREIGN);
        let rounds = self.control.len();
        let mut keep: Vec<bool> = (0..rounds)
            .map(|round| steady(round) && quiet(round))
            .collect();
        self.busy = !keep.contains(&true);
        if self.busy {
            keep = (0..rounds).map(steady).collect();
        }
        self.void = keep.iter().filter(|keep| !**keep).count();
        for all in [&mut self.control, &mut self.ours, &mut self.peer] {
            let mut keep = keep.iter();
            all.retain(|_| *keep.next().unwrap_or(&true));
        }
    }

    /// Prints the pair's part of the table. Whether what was demanded is reached.
    pub(crate) fn print(&self, pair: &Pair, options: &Options) -> bool {
        let ratio = best(&self.ours) / best(&self.peer);
        let reached = if ratio >= pair.goal {
            "reached"
        } else {
            "NOT reached"
        };
        println!("\n{}", pair.what);
        for (name, all) in [
            ("hyper (control)", &self.control),
            ("stayput", &self.ours),
            (pair.peer.name, &self.peer),
        ] {
            println!("  {name:<16} best {:>8.0}/s  {}", best(all), spread(all));
        }
        println!(
            "  ratio {ratio:.2}, goal {:.1} {reached}; {} void rounds\n",
            pair.goal, self.void
        );
        if self.busy {
            println!("  other processes were busy in every round: take the ratio for a hint\n");
        }
        options.demand.is_none_or(|part| {
            let enough = ratio >= pair.goal * part;
            if !enough {
                println!("  FAILED: less than {part} of the goal\n");
            }
            enough
        })
    }
}

fn best(all: &[Measured]) -> f64 {
    all.iter().map(Measured::rate).fold(0.0, f64::max)
}

fn spread(all: &[Measured]) -> String {
    let mut rates: Vec<f64> = all.iter().map(Measured::rate).collect();
    rates.sort_by(f64::total_cmp);
    let at = |index: usize| rates.get(index).copied().unwrap_or_default();
    let (low, middle, high) = (
        at(0),
        at(rates.len() / 2),
        at(rates.len().saturating_sub(1)),
    );
    format!("median {middle:>8.0}/s  spread {low:.0} .. {high:.0}")
}

/// Processor time of the whole machine.
struct Busy {
    ticks: u64,
    at: Instant,
}

impl Busy {
    fn now() -> Self {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let fields: Vec<u64> = text
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        // user, nice, system, idle, iowait, irq, softirq: idle and iowait are not work.
        let work = [0, 1, 2, 5, 6]
            .iter()
            .filter_map(|index| fields.get(*index))
            .sum();
        Self {
            ticks: work,
            at: Instant::now(),
        }
    }

    /// What others than we used since, as a part of two cores.
    fn foreign(&self, mine: Duration) -> f64 {
        let used = Duration::from_millis((Self::now().ticks - self.ticks) * 10);
        used.saturating_sub(mine).as_secs_f64() / (self.at.elapsed().as_secs_f64() * 2.0)
    }
}

/// Returns when others have let the machine be for half a second, or patience is at its end.
fn wait_for_quiet() {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let busy = Busy::now();
        std::thread::sleep(Duration::from_millis(500));
        if busy.foreign(Duration::ZERO) <= FOREIGN / 2.0 {
            return;
        }
    }
}

fn own_processor() -> Duration {
    support::process::processor(std::process::id())
}

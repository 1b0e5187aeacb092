//! Exact gradients of any order.
//!
//! candle differentiates a gradient only if the environment variable `CANDLE_GRAD_DO_NOT_DETACH`
//! was set when the *calling thread* ran its first backward; otherwise gradients of gradients are
//! silently wrong. And once set, every backward of that thread keeps its graph, which triples the
//! memory of a training step. So each thread finds out once which of the two it does. Where that is
//! what [`grad`] was asked for, as it is for [`Graph::Discard`] in almost every program, the pass runs
//! where it was called; otherwise on one of two long-lived threads of our own, of which one latched
//! the variable and the other its absence. candle walks a graph recursively: passes run on large
//! stacks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Error, Result, Tensor, TensorId, Var, bail};

mod bilinear;
mod environment;
mod tap;
pub(crate) use bilinear::bilinear_gradient;
pub use tap::watch;

/// Whether a gradient can be differentiated again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graph {
    /// The gradient is a plain value. Cheap; what an optimiser step needs.
    Discard,
    /// The gradient carries the graph of its own computation, as a penalty on it needs.
    Create,
}

/// The gradient of the sum of `output` in each of `inputs`.
///
/// Inputs are parameters that are not frozen, variables, or results of [`watch`]. An input that
/// `output` does not depend on has gradient zero. With [`Graph::Create`] the results can be
/// differentiated again, to any order; with [`Graph::Discard`] they are detached and hold no graph
/// alive.
///
/// ```
/// use ganymede_tensor::{Device, Graph, Tensor, grad, watch};
/// let x = watch(&Tensor::new(2.0f64, &Device::Cpu)?)?;
/// let cube = ((&x * &x)? * &x)?;
/// let first = grad(&cube, &[&x], Graph::Create)?.remove(0);
/// let second = grad(&first, &[&x], Graph::Discard)?.remove(0);
/// assert_eq!((first.to_scalar::<f64>()?, second.to_scalar::<f64>()?), (12.0, 12.0));
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
///
/// # Errors
/// An input is neither a variable nor watched (a frozen parameter, say), or an operation in the
/// graph has no gradient.
pub fn grad(output: &Tensor, inputs: &[&Tensor], graph: Graph) -> Result<Vec<Tensor>> {
    let taps = inputs.iter().map(|x| tap::tap_of(x)).collect::<Vec<_>>();
    for (i, (x, tap)) in inputs.iter().zip(&taps).enumerate() {
        if !x.is_variable() && tap.is_none() {
            bail!(
                "grad: input {i} of shape {:?} is neither a variable nor watched; \
                 call `watch` on it before it is used (a frozen parameter has no gradient)",
                x.dims()
            )
        }
    }
    let mut found =
        if output.track_op() { run(graph, output, Asked::of(inputs, &taps))? } else { Gradients::default() };
    let pick = |(x, tap): (&&Tensor, &Option<u64>)| match found.take(x, *tap) {
        Some(g) if graph == Graph::Create => Ok(g),
        Some(g) => Ok(g.contiguous()?.detach()),
        None => x.zeros_like(),
    };
    inputs.iter().zip(&taps).map(pick).collect()
}

/// Starts the threads that compute gradients which their caller cannot. [`grad`] does so on first use, at
/// any time and on any thread: what candle reads in the environment meanwhile is changed in a way that
/// leaves every reader in peace. A program calls this first all the same, so that a build whose gradients
/// cannot be trusted is told of before the work, and no other thread's first backward pass falls into the
/// instant in which candle is told to keep graphs.
///
/// candle's own products and elementwise operations take as many threads as the program does, `threads`; 0 leaves them
/// the number that `RAYON_NUM_THREADS` or else the machine says. More of them than the program has cores for wait for one
/// another in a loop.
///
/// # Panics
/// A gradient of a gradient comes out wrong: this build of candle does not do what
/// this crate relies on, and no penalty could be trusted.
pub fn start_gradient_workers(threads: usize) {
    if threads > 0 {
        environment::set(THREADS, &threads.to_string());
    }
    let _ = workers(Graph::Create);
}

/// True while the current thread runs a backward pass whose results are to carry a graph.
pub(crate) fn creates_graph() -> bool {
    ROLE.get() == Some(Graph::Create)
}

/// Whether the backward pass that this thread runs needs the gradient of `x`: not that of a variable
/// that nobody asked for, as the weights are where a penalty asks for the gradient in the image.
pub(crate) fn wanted(x: &Tensor) -> bool {
    let asked = || ASKED.with_borrow(|asked| asked.as_ref().is_none_or(|asked| asked.contains(&x.id())));
    x.track_op() && (!x.is_variable() || asked())
}

/// What backward passes of this thread do, which candle settles at the first of them.
fn role() -> Graph {
    ROLE.get().unwrap_or_else(|| {
        let second = second_derivative(|_, y| y.backward().ok());
        let role = if second == Some(12.0) { Graph::Create } else { Graph::Discard };
        ROLE.set(Some(role));
        role
    })
}

thread_local! {
    /// What backward passes of this thread do, if that is known.
    static ROLE: Cell<Option<Graph>> = const { Cell::new(None) };
    /// Gradients caught by taps during the backward pass that this thread runs.
    static CAUGHT: RefCell<HashMap<u64, Option<Tensor>>> = RefCell::new(HashMap::new());
    /// Inputs whose gradients the backward pass that this thread runs is for; none in a pass of
    /// candle's own, which is for all variables.
    static ASKED: RefCell<Option<Vec<TensorId>>> = const { RefCell::new(None) };
}

/// What a backward pass found: gradients of variables and of watched tensors.
#[derive(Default)]
struct Gradients {
    variables: Option<GradStore>,
    watched: HashMap<u64, Option<Tensor>>,
}

impl Gradients {
    fn take(&mut self, input: &Tensor, tap: Option<u64>) -> Option<Tensor> {
        match tap {
            Some(id) => self.watched.get(&id).cloned().flatten(),
            // `get`, not `remove`: an input may be asked for twice.
            None => self.variables.as_ref()?.get(input).cloned(),
        }
    }
}

/// The stack of a backward pass. It is reserved, not occupied: deep graphs (unrolled steps) use what
/// they need. A chain of 20,000 nodes is tested; it overflows 1 MiB.
const STACK_BYTES: usize = 1 << 28;

/// What a backward pass is for.
struct Asked {
    inputs: Vec<TensorId>,
    taps: Vec<u64>,
}

impl Asked {
    fn of(inputs: &[&Tensor], taps: &[Option<u64>]) -> Self {
        Self {
            inputs: inputs.iter().map(|x| x.id()).collect(),
            taps: taps.iter().flatten().copied().collect(),
        }
    }
}

struct Job {
    output: Tensor,
    asked: Asked,
    reply: Sender<Result<Gradients>>,
}

struct Worker {
    jobs: Mutex<Sender<Job>>,
}

impl Worker {
    fn start(role: Graph) -> Self {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (ready, latched) = mpsc::channel();
        let name = match role {
            Graph::Create => "ganymede-grad2",
            Graph::Discard => "ganymede-grad",
        };
        let work = move || {
            ROLE.set(Some(role));
            // Latch whatever the environment says now, before the caller changes it back.
            let _ = ready.send(first_backward().is_ok());
            while let Ok(job) = inbox.recv() {
                let _ = job.reply.send(backward(&job.output, job.asked));
            }
        };
        std::thread::Builder::new()
            .name(name.into())
            .stack_size(STACK_BYTES)
            .spawn(work)
            .expect("the operating system gives a thread");
        let _ = latched.recv();
        Self { jobs: Mutex::new(jobs) }
    }

    fn run(&self, output: &Tensor, asked: Asked) -> Result<Gradients> {
        wait(&self.submit(output, asked)?).ok_or_else(Self::gone)?
    }

    fn submit(&self, output: &Tensor, asked: Asked) -> Result<Receiver<Result<Gradients>>> {
        let (reply, answer) = mpsc::channel();
        let job = Job { output: output.clone(), asked, reply };
        let sent = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job);
        sent.map_err(|_| Self::gone())?;
        Ok(answer)
    }

    fn gone() -> Error {
        Error::Msg("the gradient thread has ended".into())
    }
}

/// Waits for an answer. A thread of rayon's pool goes on working for the pool meanwhile: kernels
/// of the backward pass may need it, and sleeping here could be a deadlock.
fn wait<T>(answer: &Receiver<T>) -> Option<T> {
    /// Looks for work in vain after which the thread sleeps, a little while at a time: longer than
    /// anything that a backward pass does alone, since nobody wakes a sleeper when there is work.
    const LOOKS: u32 = 2000;
    const NAP: Duration = Duration::from_micros(50);
    if rayon::current_thread_index().is_none() {
        return answer.recv().ok();
    }
    let mut looks = 0;
    loop {
        match answer.try_recv() {
            Ok(value) => return Some(value),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            looks = 0;
        } else if looks < LOOKS {
            looks += 1;
            std::thread::yield_now();
        } else if let Ok(value) = answer.recv_timeout(NAP) {
            return Some(value);
        }
    }
}

/// Runs a backward pass on a thread that does with graphs what `graph` says: this one, if it does.
fn run(graph: Graph, output: &Tensor, asked: Asked) -> Result<Gradients> {
    let worker = workers(graph);
    if role() != graph {
        return worker.run(output, asked);
    }
    // An operation's own backward may come here on a worker, which cannot wait for itself and has room.
    stacker::maybe_grow(STACK_BYTES / 4, STACK_BYTES, || backward(output, asked))
}

fn backward(output: &Tensor, asked: Asked) -> Result<Gradients> {
    let outer = CAUGHT.replace(asked.taps.iter().map(|id| (*id, None)).collect());
    let outer_asked = ASKED.replace(Some(asked.inputs));
    // candle panics on a graph that it holds for impossible; the worker has to outlive that.
    let result = catch_unwind(AssertUnwindSafe(|| output.backward()));
    let watched = CAUGHT.replace(outer);
    ASKED.set(outer_asked);
    match result {
        Ok(store) => Ok(Gradients { variables: Some(store?), watched }),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            bail!("the backward pass panicked: {text}")
        }
    }
}

fn workers(graph: Graph) -> &'static Worker {
    static WORKERS: OnceLock<[Worker; 2]> = OnceLock::new();
    let [discard, create] = WORKERS.get_or_init(start_workers);
    match graph {
        Graph::Discard => discard,
        Graph::Create => create,
    }
}

/// Where candle, as rayon, reads how many threads it may use.
const THREADS: &str = "RAYON_NUM_THREADS";

fn start_workers() -> [Worker; 2] {
    const VARIABLE: &str = "CANDLE_GRAD_DO_NOT_DETACH";
    // candle's pool of threads for sums and products spins 25,000 times before it sleeps, on the cores
    // that our kernels want: a seventh of a small network's step, measured.
    environment::set_default("CANDLE_BARRIER_POOL_SPIN_LIMIT", "100");
    // candle asks for the number of threads at each matrix product: where nobody has set it, by reading
    // /proc/cpuinfo, which takes longer than the products of a small network. This is its own answer, found once.
    environment::set_default(THREADS, &candle_core::utils::get_num_threads().to_string());
    // Should another thread run its first backward pass of candle's own while the variable is set, it keeps
    // graphs: more memory, never wrong values.
    let workers = [
        environment::with(VARIABLE, None, || Worker::start(Graph::Discard)),
        environment::with(VARIABLE, Some("1"), || Worker::start(Graph::Create)),
    ];
    // Plain waiting: working for the pool meanwhile could come back to the workers, which are only
    // being made.
    let create = |x: &Tensor, y: &Tensor| {
        let answer = workers[1].submit(y, Asked::of(&[x], &[])).ok()?;
        answer.recv().ok()?.ok()?.variables
    };
    let second = second_derivative(create);
    assert!(
        second == Some(12.0),
        "the second derivative of x³ at 2 came out as {second:?} instead of 12: \
         gradients of gradients cannot be trusted in this build"
    );
    workers
}

/// d²/dx² of x³ at 2, which is 12, by backward passes of the given kind.
fn second_derivative(backward: impl Fn(&Tensor, &Tensor) -> Option<GradStore>) -> Option<f64> {
    let x = Var::new(2.0f64, &Device::Cpu).ok()?;
    let gradient = |y: &Tensor| backward(&x, y)?.remove(&x);
    gradient(&gradient(&x.mul(&x).ok()?.mul(&x).ok()?)?)?.to_scalar().ok()
}

/// Runs a first backward pass on the current thread.
fn first_backward() -> Result<()> {
    let x = Var::zeros((), DType::F64, &Device::Cpu)?;
    x.mul(&x)?.backward()?;
    Ok(())
}

#[cfg(test)]
mod tests;

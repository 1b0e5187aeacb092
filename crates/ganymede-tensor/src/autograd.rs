//! Exact gradients of any order.
//!
//! candle differentiates a gradient only if the environment variable `CANDLE_GRAD_DO_NOT_DETACH`
//! was set when the *calling thread* ran its first backward; otherwise gradients of gradients are
//! silently wrong. And once set, every backward of that thread keeps its graph, which triples the
//! memory of a training step. So each thread finds out once which of the two it does. Where that is
//! what [`grad`] was asked for, as it is for [`Graph::Discard`] in almost every program, the pass runs
//! where it was called; otherwise on one of two long-lived pools of threads of our own, of which one
//! latched the variable and the other its absence. candle walks a graph recursively: passes run on
//! large stacks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, TensorId, Var, bail};
use rayon::{ThreadPool, ThreadPoolBuilder};

mod bilinear;
mod environment;
mod finite;
mod known;
mod scaled;
mod tap;
pub(crate) use bilinear::bilinear_gradient;
pub use finite::first_not_finite;
pub use scaled::scaled_param;
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
    let _ = workers();
}

/// True while the current thread runs a backward pass whose results are to carry a graph.
pub(crate) fn creates_graph() -> bool {
    ROLE.get() == Some(Graph::Create)
}

/// Whether the backward pass that this thread runs needs the gradient of `x`: not that of a variable
/// that nobody asked for, as the weights are where a penalty asks for the gradient in the image.
pub(crate) fn wanted(x: &Tensor) -> bool {
    x.track_op() && (!x.is_variable() || asked(x.id()))
}

/// Whether `x` is a multiple of a parameter that nobody asked for. candle wants a gradient of it all the same: any will do.
pub(crate) fn wanted_by_nobody(x: &Tensor) -> bool {
    scaled::source_of(x).is_some_and(|variable| !asked(variable))
}

fn asked(id: TensorId) -> bool {
    ASKED.with_borrow(|asked| asked.as_ref().is_none_or(|asked| asked.contains(&id)))
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

/// Runs a backward pass on a thread that does with graphs what `graph` says: this one, if it does.
fn run(graph: Graph, output: &Tensor, asked: Asked) -> Result<Gradients> {
    let workers = workers();
    let pass = || stacker::maybe_grow(STACK_BYTES / 4, STACK_BYTES, || backward(output, asked));
    if role() == graph { pass() } else { workers.of(graph).install(pass) }
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

/// Threads that are of one mind about graphs, a pool for each mind.
///
/// A pool runs the kernels of its backward passes itself. In the pool that asks for a gradient they could
/// not be: a thread that runs a part of one may, while it waits for the other parts, take up a task that asks for
/// a gradient too, and would then wait for the pass that waits for it.
struct Workers {
    discard: ThreadPool,
    create: ThreadPool,
}

impl Workers {
    fn start() -> Self {
        const VARIABLE: &str = "CANDLE_GRAD_DO_NOT_DETACH";
        // candle's pool of threads for sums and products spins 25,000 times before it sleeps, on the cores
        // that our kernels want: a seventh of a small network's step, measured.
        environment::set_default("CANDLE_BARRIER_POOL_SPIN_LIMIT", "100");
        // candle asks for the number of threads at each matrix product: where nobody has set it, by reading
        // /proc/cpuinfo, which takes longer than the products of a small network. This is its own answer, found once.
        environment::set_default(THREADS, &candle_core::utils::get_num_threads().to_string());
        // Should another thread run its first backward pass of candle's own while the variable is set, it keeps
        // graphs: more memory, never wrong values.
        let workers = Self {
            discard: environment::with(VARIABLE, None, || pool(Graph::Discard)),
            create: environment::with(VARIABLE, Some("1"), || pool(Graph::Create)),
        };
        let second = workers.create.install(|| second_derivative(|_, y| y.backward().ok()));
        assert!(
            second == Some(12.0),
            "the second derivative of x³ at 2 came out as {second:?} instead of 12: \
             gradients of gradients cannot be trusted in this build"
        );
        workers
    }

    fn of(&self, graph: Graph) -> &ThreadPool {
        match graph {
            Graph::Discard => &self.discard,
            Graph::Create => &self.create,
        }
    }
}

/// Threads, as many as rayon has, that do with graphs what the environment says now, which is `role`.
fn pool(role: Graph) -> ThreadPool {
    let name = match role {
        Graph::Create => "ganymede-grad2",
        Graph::Discard => "ganymede-grad",
    };
    let threads = ThreadPoolBuilder::new().thread_name(move |i| format!("{name}-{i}"));
    let pool = threads.build().expect("the operating system gives threads");
    // Latched before the caller changes the environment back.
    pool.broadcast(|_| {
        ROLE.set(Some(role));
        let _ = first_backward();
    });
    pool
}

fn workers() -> &'static Workers {
    static WORKERS: OnceLock<Workers> = OnceLock::new();
    // On a thread of no pool: one that waits for a pool does other work of its own meanwhile, which may come here.
    let start = || std::thread::spawn(Workers::start).join();
    WORKERS.get_or_init(|| start().unwrap_or_else(|panic| resume_unwind(panic)))
}

/// Where candle, as rayon, reads how many threads it may use.
const THREADS: &str = "RAYON_NUM_THREADS";

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

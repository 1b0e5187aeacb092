//! Where layers create their parameters.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard};

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};

use super::buffer::lock;
use super::{Buffer, Init, Param, ParamInner, Params};
use crate::Rng;

/// Creates parameters and buffers under a path. Clones share the random stream.
#[derive(Clone, Debug)]
pub struct Builder {
    pub(super) params: Params,
    pub(super) path: String,
    pub(super) is_table: bool,
    pub(super) rng: Arc<Mutex<Rng>>,
    pub(super) dtype: DType,
    pub(super) device: Device,
}

impl Builder {
    /// The builder one path segment further down.
    pub fn pp(&self, segment: impl Display) -> Builder {
        Builder { path: self.full_name(&segment.to_string()), ..self.clone() }
    }

    /// The same place, where new parameters are tables ([`Param::is_table`]).
    #[must_use]
    pub fn tables(&self) -> Builder {
        Builder { is_table: true, ..self.clone() }
    }

    /// A new trainable parameter `path.name`.
    ///
    /// # Errors
    /// The name is taken, or `init` does not suit the shape.
    pub fn param(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Param> {
        let name = self.claim(name)?;
        let value = init.draw(&shape.into(), &mut self.rng(), self.dtype, &self.device)?;
        let var = Var::from_tensor(&value)?;
        let frozen = self.params.frozen.clone();
        let inner = ParamInner { var, is_table: self.is_table, frozen, bound: Mutex::default() };
        let param = Param { name: name.into(), inner: Arc::new(inner) };
        lock(&self.params.inner).params.push(param.clone());
        Ok(param)
    }

    /// A new buffer `path.name` with a starting value.
    ///
    /// # Errors
    /// The name is taken.
    pub fn buffer(&self, name: &str, value: &Tensor) -> Result<Buffer> {
        let name = self.claim(name)?;
        let value = value.detach().to_device(&self.device)?;
        let buffer = Buffer::new(name, value);
        lock(&self.params.inner).buffers.push(buffer.clone());
        Ok(buffer)
    }

    /// The stream that initial values come from.
    pub fn rng(&self) -> MutexGuard<'_, Rng> {
        lock(&self.rng)
    }

    /// The dtype of new parameters.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The device of new parameters.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn full_name(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) }
    }

    fn claim(&self, name: &str) -> Result<String> {
        let name = self.full_name(name);
        if !lock(&self.params.inner).names.insert(name.clone()) {
            bail!("a parameter or buffer named {name} exists already")
        }
        Ok(name)
    }
}

//! How a window pools and slides.

/// What becomes of the pixels in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The largest.
    Max,
    /// The mean of those inside the image: PyTorch's `avg_pool2d` with
    /// `count_include_pad=False`, and what TensorFlow does.
    MeanInside,
}

/// How a window slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowConfig {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Distance between windows.
    pub stride: [usize; 2],
    /// How far the first window reaches over the edge; at most half of the kernel.
    pub padding: [usize; 2],
}

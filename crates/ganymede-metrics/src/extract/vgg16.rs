//! VGG-16: Simonyan and Zisserman, 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
//! (arXiv:1409.1556, table 1, D).

use ganymede_tensor::{DType, Device, Pooling, Tensor, WindowConfig, linear, pool2d, relu};

use super::conv::Conv;
use super::vit::IMAGENET;
use super::weights::Weights;
use crate::{FeatureExtractor, Features, Result, WeightsFile};

mod load;
#[cfg(test)]
mod tests;

pub(super) use load::{BLOCKS, WIDTHS, blocks};

/// Halvings of the image before the classifier: one a block.
const HALVED: usize = 1 << BLOCKS;

/// The published sizes.
pub(super) const ARCHITECTURE: Architecture = Architecture { widths: WIDTHS, side: 224, hidden: 4096 };

/// Sizes of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Architecture {
    /// Channels of each block.
    widths: [usize; BLOCKS],
    /// Side of the images.
    pub(super) side: usize,
    /// Numbers in each fully connected layer before the classes.
    pub(super) hidden: usize,
}

/// VGG-16; features are its second fully connected layer after the ReLU, 4096 numbers: the network of improved precision
/// and recall (Kynkäänniemi et al., 2019, arXiv:1904.06991).
///
/// Images of 224 pixels, red first. Levels of `0..=255` are divided by 255, then normalised by ImageNet's mean and
/// deviation, as torchvision's weights want it, and as torch-fidelity (`vgg16`, `fc2_relu`) does. StyleGAN's network, to
/// go by ports of it, takes the same and resizes by itself, as TensorFlow 1 does: `--resize legacy-tensorflow`, which is
/// also torch-fidelity's. Numbers by one file's weights are comparable with none by the other's: the hash in the
/// provenance tells them apart.
///
/// Weights are torchvision's `vgg16-397923af.pth`, or the state dict of StyleGAN2-ADA's `vgg16.pt`, whose layers are
/// called `conv1` to `conv13`, `fc1` and `fc2`. That file is itself a program (TorchScript), and so is StyleGAN3's
/// `vgg16.pkl`, and programs are not read; `torch.save(torch.jit.load("vgg16.pt").state_dict(), "vgg16.pth")` saves the
/// weights alone. The layer that tells classes apart need not be there, and is not used. A pass takes about 30 MB an
/// image.
pub struct Vgg16 {
    architecture: Architecture,
    blocks: Vec<Vec<Conv>>,
    /// Weight and bias of the fully connected layers.
    connected: [[Tensor; 2]; 2],
    device: Device,
    batch: usize,
    sha256: String,
}

impl Vgg16 {
    /// Loads weights from a file; `batch` images go through at a time.
    ///
    /// # Errors
    /// The file cannot be read; a tensor is missing, superfluous, not finite or of another shape, and the message names
    /// it, the file and both shapes; the file is not the published one that it was taken for; a batch of 0 images.
    pub fn load(file: &WeightsFile, batch: usize, device: &Device) -> Result<Self> {
        file.explain(
            Weights::open(file, &[load::TORCHVISION, load::STYLEGAN])
                .and_then(|weights| Self::build(weights, ARCHITECTURE, batch, device)),
        )
    }

    /// What each block gives, after its max pool, and each fully connected layer, after its ReLU.
    fn stages(&self, images: &Tensor, mut tell: impl FnMut(&Tensor)) -> Result<Tensor> {
        let mut x = self.prepare(images)?;
        for convs in &self.blocks {
            x = halved(&convs.iter().try_fold(x, |x, conv| conv.run(&x))?)?;
            tell(&x);
        }
        x = x.flatten_from(1)?;
        for [weight, bias] in &self.connected {
            x = relu(&linear(&x, weight, Some(bias))?)?;
            tell(&x);
        }
        Ok(x)
    }

    /// Grey levels as the network wants them. The mean cannot be folded into the first convolution: what it sees beyond
    /// the border is 0 thereafter.
    fn prepare(&self, images: &Tensor) -> Result<Tensor> {
        // Detached: a network that is only read needs no graph.
        let levels = images.detach().to_device(&self.device)?.to_dtype(DType::F32)?;
        let row =
            |values: [f64; 3]| Tensor::new(&values.map(|v| v as f32), &self.device)?.reshape((1, 3, 1, 1));
        let gain = row(IMAGENET.deviation.map(|deviation| 1.0 / (255.0 * deviation)))?;
        let mean = row(IMAGENET.mean.map(|mean| 255.0 * mean))?;
        Ok(levels.broadcast_sub(&mean)?.broadcast_mul(&gain)?)
    }
}

/// The largest of each 2 × 2 pixels.
pub(super) fn halved(x: &Tensor) -> Result<Tensor> {
    let halves = WindowConfig { kernel: [2, 2], stride: [2, 2], padding: [0, 0] };
    Ok(pool2d(x, Pooling::Max, halves)?)
}

impl FeatureExtractor for Vgg16 {
    fn id(&self) -> &str {
        load::NAME
    }

    fn dim(&self) -> usize {
        self.architecture.hidden
    }

    fn input(&self) -> [usize; 3] {
        [3, self.architecture.side, self.architecture.side]
    }

    fn weights_sha256(&self) -> &str {
        &self.sha256
    }

    fn settings(&self) -> String {
        "range=imagenet".to_owned()
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        super::in_batches(self, images, self.batch, |some| self.stages(some, |_| ()))
    }
}

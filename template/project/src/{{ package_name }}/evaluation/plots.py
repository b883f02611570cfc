"""How every figure looks."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOR = "#2a6f97"
MUTED = "#a0a0a0"
PALETTE = ("#2a6f97", "#e07a5f", "#588157", "#7b5ea7", "#d4a017", "#6c757d", "#9d0208", "#0096a0")


def new_axes(title: str, x: str, y: str, *, size: tuple[float, float] = (6, 4.5)) -> Axes:
    """Return the axes of a new figure; no global state, so threads and servers may draw too."""
    axes = Figure(figsize=size, layout="constrained").add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    return axes


def figure_of(axes: Axes) -> Figure:
    """Return the figure that holds the axes."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure

"""Prints NeXus frames as JSON, found the way NeXus says: from the file's default to the plot's signal and axes."""
import json
import sys

import h5py


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if hasattr(value, "tolist") else value


def attributes(node):
    found = {name: plain(value) for name, value in node.attrs.items()}
    return {
        name: [plain(item) for item in value] if isinstance(value, list) else value
        for name, value in found.items()
    }


def scalar(node):
    value = plain(node[()])
    return value[0] if isinstance(value, list) else value


def frame(path):
    with h5py.File(path, "r") as file:
        entry = file[plain(file.attrs["default"])]
        plot = entry[plain(entry.attrs["default"])]
        signal = plain(plot.attrs["signal"])
        axes = [plain(name) for name in plot.attrs["axes"]]
        counts, angles = plot[signal], plot[axes[0]]
        beam = entry["instrument/monochromator"]
        detector = entry["instrument/detector"]
        return {
            "file_attributes": attributes(file),
            "entry_attributes": attributes(entry),
            "plot_attributes": attributes(plot),
            "plot_class": plain(plot.attrs["NX_class"]),
            "signal": signal,
            "axes": axes,
            "counts": counts[()].tolist(),
            "counts_type": str(counts.dtype),
            "counts_units": plain(counts.attrs["units"]),
            "is_same_dataset": counts == detector["data"] and angles == detector["polar_angle"],
            "two_theta_deg": angles[()].tolist(),
            "two_theta_units": plain(angles.attrs["units"]),
            "energy": scalar(beam["energy"]),
            "energy_units": plain(beam["energy"].attrs["units"]),
            "wavelength": scalar(beam["wavelength"]),
            "distance_mm": scalar(detector["distance"]),
            "count_time_s": scalar(detector["count_time"]),
            "monitor_integral": scalar(entry["control/integral"]),
            "sample": scalar(entry["sample/name"]),
            "start_time": scalar(entry["start_time"]),
        }


json.dump([frame(path) for path in sys.argv[1:]], sys.stdout)

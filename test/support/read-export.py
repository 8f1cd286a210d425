"""Prints exported NeXus files as JSON, from each file's default down to the plot; follows a master's external links."""
import json
import sys

import h5py


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if hasattr(value, "tolist") else value


def texts(value):
    return [plain(item) for item in value]


def scalar(node):
    value = plain(node[()])
    return value[0] if isinstance(value, list) else value


def classes(file):
    found = []

    def visit(name, node):
        if isinstance(node, h5py.Group):
            found.append([name, plain(node.attrs.get("NX_class", ""))])

    file.visititems(visit)
    return found


def export(path):
    with h5py.File(path, "r") as file:
        entry = file[plain(file.attrs["default"])]
        plot = entry[plain(entry.attrs["default"])]
        axis = texts(plot.attrs["axes"])[0]
        signal = plain(plot.attrs["signal"])
        patterns = [name for name in file if name.startswith("exposure_")]
        return {
            "classes": classes(file),
            "signal": signal,
            "axis": axis,
            "x": plain(plot[axis][()]),
            "y": plain(plot[signal][()]),
            "x_units": plain(plot[axis].attrs.get("units", "")),
            "y_units": plain(plot[signal].attrs.get("units", "")),
            "provenance": json.loads(bytes(entry["provenance/data"][()])),
            "links": {
                name: len(file[name]["cycling/voltage_volt"])
                for name in file
                if isinstance(file.get(name, getlink=True), h5py.ExternalLink)
            },
            "patterns": {
                name: {
                    "definition": plain(scalar(file[name]["definition"])),
                    "counts": int(file[name]["data/data"][()].sum()),
                    "is_same": file[name]["data/data"] == file[name]["instrument/detector/data"],
                    "mode": plain(scalar(file[name]["control/mode"])),
                    "wavelength": scalar(file[name]["instrument/crystal/wavelength"]),
                }
                for name in patterns
            },
        }


print(json.dumps([export(path) for path in sys.argv[1:]]))

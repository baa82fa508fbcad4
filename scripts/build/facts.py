"""Reads binaries with lief, and prints the properties of each as JSON, by path: see `Facts` of audit.ts."""

import hashlib
import json
import struct
import sys

import lief

lief.logging.disable()


def of_elf(binary, _path):
    versions = [
        version.name for need in binary.symbols_version_requirement for version in need.get_auxiliary_symbols()
    ]
    return {
        "machine": binary.header.machine_type.name,
        "libraries": list(binary.libraries),
        "symbolVersions": versions,
        "exported": [symbol.name for symbol in binary.dynamic_symbols if symbol.exported],
        "stripped": not list(binary.symtab_symbols) and not any(s.name.startswith(".debug") for s in binary.sections),
    }


def of_macho(binary, path):
    defined = [symbol.name for symbol in binary.symbols if not symbol.has_export_info and symbol.value]
    return {
        "machine": {"X86_64": "X86_64", "ARM64": "AARCH64"}.get(binary.header.cpu_type.name, "?"),
        "libraries": [library.name for library in binary.libraries if library.command.name == "LOAD_DYLIB"],
        "exported": [symbol.name.removeprefix("_") for symbol in binary.symbols if symbol.has_export_info],
        "minimumSystem": ".".join(str(part) for part in binary.build_version.minos[:2]),
        "stripped": not defined,
        "signature": signature(path, binary.code_signature) if binary.has_code_signature else "none",
    }


def signature(path, command):
    """Checks the hashes that macOS checks before it runs a page: "ad-hoc", "broken" or "other" (with an identity).

    The layout is in xnu's osfmk/kern/cs_blobs.h: a list of blobs. One of them is the code directory, with a SHA-256 of each page.
    """
    with open(path, "rb") as file:
        image = file.read()
    blobs = image[command.data_offset : command.data_offset + command.data_size]
    magic, _, count = struct.unpack_from(">3I", blobs)
    index = dict(struct.unpack_from(">2I", blobs, 12 + 8 * each) for each in range(count))
    directory = blobs[index[0] :]
    _, _, _, flags, hashes, _, _, pages, signed, hash_size, hash_type, _, page_bits = struct.unpack_from(
        ">9I4B", directory
    )
    if (magic, hash_size, hash_type) != (0xFADE0CC0, 32, 2) or signed != command.data_offset:
        return "broken"
    for page in range(pages):
        start, end = page << page_bits, min((page + 1) << page_bits, signed)
        expected = directory[hashes + 32 * page : hashes + 32 * (page + 1)]
        if hashlib.sha256(image[start:end]).digest() != expected:
            return "broken"
    return "ad-hoc" if flags & 2 else "other"


def of_pe(binary, _path):
    return {
        "machine": {"AMD64": "X86_64", "ARM64": "AARCH64"}.get(binary.header.machine.name, "?"),
        "libraries": [library.name for library in binary.imports],
        "exported": [entry.name for entry in binary.get_export().entries] if binary.has_exports else [],
        "stripped": binary.header.numberof_symbols == 0 and {entry.type.name for entry in binary.debug} <= {"REPRO"},
    }


READERS = {lief.ELF.Binary: ("ELF", of_elf), lief.MachO.Binary: ("MachO", of_macho), lief.PE.Binary: ("PE", of_pe)}


def facts(path):
    binary = lief.parse(path)
    if type(binary) not in READERS:
        return {"format": "unknown"}
    name, reader = READERS[type(binary)]
    return {"format": name, **reader(binary, path)}


print(json.dumps({path: facts(path) for path in sys.argv[1:]}))

# Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frontend IR from a PyTorch module, through torch-mlir."""

import copy
import warnings
import zipfile

import torch
from torch_mlir import fx

from pdq._torch_mlir import FROM_TORCH, lower
from pdq._tools import PDQError

FORMS = {"linalg": "torch", "plain": "torch", "tosa": "tosa"}

def _freeze_buffers(network):
    """Makes every buffer a parameter without gradient.

    torch-mlir turns only parameters into constants; the running statistics of
    batch norms would become arguments of `main`.
    """
    for module in network.modules():
        for name, value in list(module._buffers.items()):
            if value is not None:
                del module._buffers[name]
                # Parameters belong to the state; torch.export compares.
                module._non_persistent_buffers_set.discard(name)
                frozen = torch.nn.Parameter(value.detach().clone(), requires_grad=False)
                module.register_parameter(name, frozen)


def _copy_list_constants(program):
    """Makes tensors of the state that stand in lists results of an operation.

    torch-mlir takes no constants in lists: the indices of `x[:, index]`, tensors
    that are concatenated.
    """
    signature = program.graph_signature
    state = {*signature.inputs_to_parameters, *signature.inputs_to_buffers}
    state |= {*signature.inputs_to_lifted_tensor_constants}

    def copy(item):
        if not isinstance(item, torch.fx.Node) or item.name not in state:
            return item
        result = program.graph.call_function(torch.ops.aten.clone.default, (item,))
        result.meta = dict(item.meta)
        return result

    for node in list(program.graph.nodes):
        if node.op != "call_function":
            continue
        with program.graph.inserting_before(node):
            node.args = tuple(
                [copy(item) for item in argument] if isinstance(argument, (list, tuple)) else argument
                for argument in node.args
            )
    program.graph_module.recompile()


def _count_dimensions(program):
    """Counts the dimension of each scatter from the front: torch-mlir crashes where it is negative."""
    for node in program.graph.nodes:
        if node.op == "call_function" and str(node.target).startswith("aten.scatter") and node.args[1] < 0:
            node.args = (node.args[0], node.args[1] + node.args[0].meta["val"].dim(), *node.args[2:])


def _take_remainder(tensor, divisor):
    """A remainder by a number, which torch-mlir lowers by a tensor only."""
    divisor = torch.full((), divisor, dtype=tensor.dtype, device=tensor.device)
    return torch.ops.aten.fmod.Tensor(tensor, divisor)


def _decompose(program, form):
    """What torch-mlir imports of an exported program."""
    table = {} if form == "plain" else fx.get_decomposition_table()
    if table:
        table[torch.ops.aten.fmod.Scalar] = _take_remainder
        program = program.run_decompositions(table)
    _count_dimensions(program)
    _copy_list_constants(program)
    return program


def _import(network, examples, shapes, form):
    """MLIR text of a network whose buffers are frozen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(network, examples, dynamic_shapes=shapes, strict=False)
        exported = fx.export_and_import(
            _decompose(program, form), output_type=FORMS[form], func_name="main", decomposition_table={}
        )
        if form != "tosa":
            lower(exported, FROM_TORCH)
        return str(exported)


def export(module, example_input, *, dynamic_batch=False, dynamic_sizes=False, form="linalg"):
    """Export a trained network as frontend IR that `pdq-opt` reads.

    Args:
        module: torch.nn.Module; exported in evaluation mode, not changed.
        example_input: tensor [N, C, H, W] of the shape to export for; a tuple of
            tensors with one N where the network has several inputs.
        dynamic_batch: leave N open (`tensor<?x...>`), that of all inputs.
        dynamic_sizes: leave the sizes behind the channels open (`tensor<?x3x?x?xf32>`),
            where the network takes others than those of the example.
        form: "linalg" (torch-mlir's default), "plain" (linalg, batch norms not
            decomposed by PyTorch) or "tosa".
    Returns: the module as MLIR text, with one public function `main`.
    Raises: PDQError for an unknown form; torch-mlir's own errors.
    """
    if form not in FORMS:
        raise PDQError(f"form is '{form}' but must be one of {', '.join(FORMS)}")
    network = copy.deepcopy(module).eval()
    examples = example_input if isinstance(example_input, tuple) else (example_input,)
    with torch.no_grad():
        network(*examples)  # Fills what modules compute once and keep.
    _freeze_buffers(network)
    shapes = None
    if dynamic_batch or dynamic_sizes:
        # A size of 1 would be one that is broadcast.
        sizes = [range(2, example.dim()) if dynamic_sizes else () for example in examples]
        shapes = tuple({dim: torch.export.Dim.AUTO for dim in dims} for dims in sizes)
    if dynamic_batch:
        batch = torch.export.Dim("batch", min=1, max=65536)
        shapes = tuple({0: batch, **dims} for dims in shapes)
        # A batch of one would be specialized by torch.export.
        if examples[0].shape[0] < 2:
            examples = tuple(torch.cat([example, example]) for example in examples)
    return _import(network, examples, shapes, form)


def load(path):
    """MLIR text of a file that torch.export.save wrote, as `export_program` gives it.

    Raises: PDQError where it is no such file; as `export_program`.
    """
    # torch.export logs what it tries on other files.
    if not zipfile.is_zipfile(path):
        raise PDQError(f"{path}: no program of torch.export, which are zip archives")
    try:
        program = torch.export.load(path)
    except Exception as error:  # of zipfile, pickle or torch.export, without a common base
        raise PDQError(f"{path}: no program of torch.export: {str(error).strip().splitlines()[0]}") from error
    return export_program(program)


def export_program(program):
    """MLIR text of a torch.export.ExportedProgram, with the sizes that it was exported for.

    Raises: PDQError where the program is one for training, or keeps no example input.
    """
    for node in program.graph.nodes:
        if "batch_norm" in str(node.target) and True in node.args:
            raise PDQError(f"{node.target} of the exported program is one for training; export the network after .eval()")
    if program.example_inputs is None:
        raise PDQError("the exported program keeps no example input; export it again with torch.export.export")
    network = program.module(check_guards=False)
    _freeze_buffers(network)
    return _import(network, program.example_inputs[0], None, "linalg")

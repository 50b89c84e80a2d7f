// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points for streams, capture and graphs.

#include "Driver.h"

using namespace llvm;
using namespace pdq::sim;

CUresult cuStreamCreate(CUstream *handle, unsigned flags) {
  return enter("cuStreamCreate", Needs::Context, [&] {
    Status status = checkNotNull(handle, "stream");
    if (!status.failed() && flags > CU_STREAM_NON_BLOCKING)
      status = Status::error(CUDA_ERROR_INVALID_VALUE,
                             "stream flags " + Twine(flags));
    if (status.failed())
      return status;
    auto stream = std::make_unique<Stream>();
    stream->isBlocking = flags == CU_STREAM_DEFAULT;
    *handle =
        reinterpret_cast<CUstream>(context.streams.add(std::move(stream)));
    return status;
  });
}

CUresult cuStreamDestroy(CUstream handle) {
  return enter("cuStreamDestroy", Needs::Context, [&] {
    Stream *stream = nullptr;
    Status status = resolve(context.streams, handle, "stream", stream);
    if (!status.failed())
      context.streams.remove(handle);
    return status;
  });
}

/// Waiting for a stream that captures makes its capture invalid.
static Status waitFor(CUstream handle) {
  Stream *stream = nullptr;
  Status status = resolveStream(handle, stream);
  if (status.failed() || stream->capture == Stream::Capture::None)
    return status;
  stream->capture = Stream::Capture::Invalidated;
  return Status::error(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                       "the stream captures and cannot be waited for");
}

CUresult cuStreamSynchronize(CUstream handle) {
  return enter("cuStreamSynchronize", Needs::Context,
               [&] { return waitFor(handle); });
}

CUresult cuStreamQuery(CUstream handle) {
  return enter("cuStreamQuery", Needs::Context,
               [&] { return waitFor(handle); });
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent eventHandle, unsigned) {
  return enter("cuStreamWaitEvent", Needs::Context, [&] {
    Stream *stream = nullptr;
    Event *event = nullptr;
    Status status = resolveStream(handle, stream);
    if (!status.failed())
      status = resolve(context.events, eventHandle, "event", event);
    // What the event stands for has run already, or is an earlier node of the
    // same capture.
    if (!status.failed() && event->capturing && event->capturing != stream)
      status = Status::error(CUDA_ERROR_NOT_SUPPORTED,
                             "a capture of more than one stream is not "
                             "simulated");
    return status;
  });
}

CUresult cuStreamBeginCapture(CUstream handle, CUstreamCaptureMode mode) {
  return enter("cuStreamBeginCapture", Needs::Context, [&] {
    Stream *stream = nullptr;
    Status status = resolveStream(handle, stream);
    if (status.failed())
      return status;
    if (stream == &context.defaultStream)
      return Status::error(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                           "the default stream cannot capture");
    if (stream->capture != Stream::Capture::None)
      return Status::error(CUDA_ERROR_INVALID_VALUE,
                           "the stream captures already");
    stream->capture = Stream::Capture::Active;
    stream->mode = mode;
    stream->graph = Graph();
    return status;
  });
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  return enter("cuStreamEndCapture", Needs::Context, [&] {
    Stream *stream = nullptr;
    Status status = resolveStream(handle, stream);
    if (!status.failed())
      status = checkNotNull(graph, "graph");
    if (status.failed())
      return status;
    Stream::Capture capture = stream->capture;
    stream->capture = Stream::Capture::None;
    *graph = nullptr;
    if (capture == Stream::Capture::None)
      return Status::error(CUDA_ERROR_INVALID_VALUE,
                           "the stream does not capture");
    if (capture == Stream::Capture::Invalidated)
      return Status::error(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
                           "an earlier call made the capture invalid");
    *graph = reinterpret_cast<CUgraph>(
        context.graphs.add(std::make_unique<Graph>(std::move(stream->graph))));
    return status;
  });
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *result) {
  return enter("cuStreamIsCapturing", Needs::Context, [&] {
    Stream *stream = nullptr;
    Status status = resolveStream(handle, stream);
    if (!status.failed())
      status = checkNotNull(result, "status");
    if (!status.failed())
      *result = static_cast<CUstreamCaptureStatus>(stream->capture);
    return status;
  });
}

CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode *nodes, size_t *numNodes) {
  return enter("cuGraphGetNodes", Needs::Context, [&] {
    Graph *graph = nullptr;
    Status status = resolve(context.graphs, handle, "graph", graph);
    if (!status.failed())
      status = checkNotNull(numNodes, "numNodes");
    if (status.failed())
      return status;
    for (size_t i = 0; nodes && i < *numNodes; ++i)
      nodes[i] = i < graph->nodes.size()
                     ? reinterpret_cast<CUgraphNode>(
                           const_cast<Node *>(graph->nodes[i].get()))
                     : nullptr;
    *numNodes = graph->nodes.size();
    return status;
  });
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph handle,
                                     unsigned long long) {
  return enter("cuGraphInstantiateWithFlags", Needs::Context, [&] {
    Graph *graph = nullptr;
    Status status = resolve(context.graphs, handle, "graph", graph);
    if (!status.failed())
      status = checkNotNull(exec, "exec");
    if (status.failed())
      return status;
    auto result = std::make_unique<GraphExec>();
    result->graph = *graph;
    *exec = reinterpret_cast<CUgraphExec>(context.execs.add(std::move(result)));
    return status;
  });
}

CUresult cuGraphLaunch(CUgraphExec handle, CUstream streamHandle) {
  return enter("cuGraphLaunch", Needs::Context, [&] {
    GraphExec *exec = nullptr;
    Stream *stream = nullptr;
    Status status = resolve(context.execs, handle, "executable graph", exec);
    if (!status.failed())
      status = resolveStream(streamHandle, stream);
    if (status.failed())
      return status;
    return stream->enqueue(std::make_shared<GraphNode>(exec->graph));
  });
}

CUresult cuGraphExecDestroy(CUgraphExec handle) {
  return enter("cuGraphExecDestroy", Needs::Context, [&] {
    GraphExec *exec = nullptr;
    Status status = resolve(context.execs, handle, "executable graph", exec);
    if (!status.failed())
      context.execs.remove(handle);
    return status;
  });
}

CUresult cuGraphDestroy(CUgraph handle) {
  return enter("cuGraphDestroy", Needs::Context, [&] {
    Graph *graph = nullptr;
    Status status = resolve(context.graphs, handle, "graph", graph);
    if (!status.failed())
      context.graphs.remove(handle);
    return status;
  });
}

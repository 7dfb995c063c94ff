# docker build -t t2ibench .                                                             for CPUs
# docker build -t t2ibench --build-arg BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04 \
#     --build-arg TORCH_INDEX= .                                                          for GPUs
# docker run --rm -v "$PWD/workspace:/workspace" t2ibench eval --models attngan --data simbirds
ARG BASE=python:3.13-slim
FROM ${BASE}
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PATH=/opt/t2ibench/bin:$PATH T2IBENCH_WORKSPACE=/workspace PYTHONUNBUFFERED=1
RUN command -v python3 >/dev/null || (apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*)
COPY . /source
RUN python3 -m venv /opt/t2ibench \
    && if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir --index-url "$TORCH_INDEX" torch torchvision; fi \
    && pip install --no-cache-dir "/source[clip,offline,tensorboard]" && rm -rf /source
RUN useradd --create-home --uid 10001 bench && mkdir -p /workspace && chown bench /workspace
USER bench
VOLUME /workspace
ENTRYPOINT ["t2ibench"]
CMD ["--help"]

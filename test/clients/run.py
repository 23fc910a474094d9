"""``run.py CLIENT CASE…``: calls models with one real Python client, each case once, and beats after each with its name.

The clients find the provider by the environment alone. ``CLIENT`` without a server to beat to calls models and nothing more.
"""

import asyncio
import importlib
import json
import os
import sys

import httpx
import httpx2

client, *cases = sys.argv[1:]
watch = None
if "MIDWATCH_URL" in os.environ:
    from midwatch import Midwatch

    watch = Midwatch(patience=30)
messages = [{"role": "user", "content": "Where is it raining?"}]
usage_too = {"include_usage": True}


def plain_http(package):
    if watch is None:
        return {}
    meters = importlib.import_module(f"midwatch.{package.__name__}")
    return {"http_client": package.Client(transport=meters.MeteredTransport(watch))}


def async_http(package):
    if watch is None:
        return {}
    meters = importlib.import_module(f"midwatch.{package.__name__}")
    return {"http_client": package.AsyncClient(transport=meters.AsyncMeteredTransport(watch))}


def openai(kind, model):
    from openai import OpenAI

    with OpenAI(api_key="sk-test", **plain_http(httpx)) as ai:
        chat, responses = ai.chat.completions, ai.responses
        if kind == "whole":
            return chat.create(model=model, messages=messages).choices[0].message.content
        if kind in ("stream", "aborted"):
            heard = ""
            with chat.create(model=model, messages=messages, stream=True, stream_options=usage_too) as stream:
                for chunk in stream:
                    heard += (chunk.choices[0].delta.content or "") if chunk.choices else ""
                    if heard and kind == "aborted":
                        break
            return heard
        if kind == "helper":
            with chat.stream(model=model, messages=messages, stream_options=usage_too) as stream:
                return stream.get_final_completion().choices[0].message.content
        if kind == "responses":
            return responses.create(model=model, input="Where?").output_text
        heard = ""
        with responses.create(model=model, input="Where?", stream=True) as stream:
            for event in stream:
                heard += event.delta if event.type == "response.output_text.delta" else ""
                if heard and kind == "responsesAborted":
                    break
        return heard


async def async_openai(kind, model):
    from openai import AsyncOpenAI

    async with AsyncOpenAI(api_key="sk-test", **async_http(httpx)) as ai:
        chat, responses = ai.chat.completions, ai.responses
        if kind == "whole":
            return (await chat.create(model=model, messages=messages)).choices[0].message.content
        if kind in ("stream", "aborted"):
            heard = ""
            async with await chat.create(model=model, messages=messages, stream=True, stream_options=usage_too) as stream:
                async for chunk in stream:
                    heard += (chunk.choices[0].delta.content or "") if chunk.choices else ""
                    if heard and kind == "aborted":
                        break
            return heard
        if kind == "helper":
            async with chat.stream(model=model, messages=messages, stream_options=usage_too) as stream:
                return (await stream.get_final_completion()).choices[0].message.content
        if kind == "responses":
            return (await responses.create(model=model, input="Where?")).output_text
        heard = ""
        async with await responses.create(model=model, input="Where?", stream=True) as stream:
            async for event in stream:
                heard += event.delta if event.type == "response.output_text.delta" else ""
                if heard and kind == "responsesAborted":
                    break
        return heard


def anthropic(kind, model):
    from anthropic import Anthropic

    with Anthropic(api_key="sk-test", **plain_http(httpx2)) as ai:
        if kind == "whole":
            return ai.messages.create(model=model, max_tokens=100, messages=messages).content[0].text
        if kind == "stream":
            with ai.messages.create(model=model, max_tokens=100, messages=messages, stream=True) as stream:
                return "".join(getattr(event.delta, "text", "") for event in stream if event.type == "content_block_delta")
        with ai.messages.stream(model=model, max_tokens=100, messages=messages) as stream:
            if kind == "aborted":
                return next(iter(stream.text_stream))
            return stream.get_final_message().content[0].text


async def async_anthropic(kind, model):
    from anthropic import AsyncAnthropic

    async with AsyncAnthropic(api_key="sk-test", **async_http(httpx2)) as ai:
        if kind == "whole":
            return (await ai.messages.create(model=model, max_tokens=100, messages=messages)).content[0].text
        if kind == "stream":
            async with await ai.messages.create(model=model, max_tokens=100, messages=messages, stream=True) as stream:
                deltas = [event.delta async for event in stream if event.type == "content_block_delta"]
            return "".join(getattr(delta, "text", "") for delta in deltas)
        async with ai.messages.stream(model=model, max_tokens=100, messages=messages) as stream:
            if kind == "aborted":
                async for text in stream.text_stream:
                    return text
            return (await stream.get_final_message()).content[0].text


for name in cases:
    call = globals()[client]
    heard = call(name.split("+")[0], f"model-{name}")
    if asyncio.iscoroutine(heard):
        heard = asyncio.run(heard)
    print(json.dumps({"case": name, "heard": heard}))
    if watch is not None:
        watch.beat(message=name)
if watch is not None and not watch.flush(30):
    sys.exit("not everything was delivered")

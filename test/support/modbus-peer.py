"""A Modbus server that nobody of this project wrote: Debian's pymodbus, with registers given as JSON.

    modbus-peer.py tcp|PATH '{"holding": {"1": 250}, "coils": {"16": 1}, "inputs": {"0": 1}}'

Says `ready PORT` (or `ready PATH`) when it listens. Units 1 and 255 have the registers.
"""
import asyncio
import json
import socket
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.transaction import ModbusRtuFramer


def block(values):
    filled = {address: 0 for address in range(0, 700)}
    filled.update({int(address): value for address, value in values.items()})
    filled.update({address: 0 for address in range(0x8000, 0x8010) if address not in filled})
    return ModbusSparseDataBlock(filled)


async def listening(port, serving):
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.02)


async def main():
    place, text = sys.argv[1:3]
    given = json.loads(text)
    unit = ModbusSlaveContext(
        co=block(given.get("coils", {})),
        di=block(given.get("inputs", {})),
        hr=block(given.get("holding", {})),
        ir=block(given.get("input_registers", {})),
        zero_mode=True,
    )
    context = ModbusServerContext(slaves={1: unit, 255: unit}, single=False)
    if place == "tcp":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        serving = asyncio.create_task(
            StartAsyncTcpServer(context=context, address=("127.0.0.1", port), allow_reuse_address=True)
        )
        await listening(port, serving)
        print(f"ready {port}", flush=True)
    else:
        serving = asyncio.create_task(
            StartAsyncSerialServer(context=context, framer=ModbusRtuFramer, port=place, baudrate=115200)
        )
        await asyncio.sleep(0.3)
        print(f"ready {place}", flush=True)
    await serving


asyncio.run(main())

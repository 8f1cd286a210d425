#!/usr/bin/env node
import { enter } from "./rim/enter.ts";

await enter();

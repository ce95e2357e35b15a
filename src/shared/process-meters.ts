import { monitorEventLoopDelay, performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { labelled, type Meters, type Sample } from './meters.ts'

const delayResolutionMs = 20
const gcBounds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5]
// perf_hooks.constants.NODE_PERFORMANCE_GC_…
const gcKinds: Record<number, string> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weak' }

/**
 * What a process is made of: memory, processor, how late its event loop runs, what is spent on garbage.
 * @param role `http` or `supervisor`: totals of different roles are not added up
 */
export function measureProcess(meters: Meters, role: 'http' | 'supervisor'): void {
  const of = (more: Record<string, string> = {}): string => labelled({ role, ...more })
  meters.gauge('sis_process_memory_bytes', 'Memory of the process: resident, and its JavaScript heap.', () => {
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
    const kinds = { resident: rss, heap_total: heapTotal, heap_used: heapUsed, external }
    return Object.entries(kinds).map(([kind, bytes]): Sample => [of({ kind }), bytes])
  })
  meters.gauge('sis_process_start_time_seconds', 'When the process started, seconds since 1970.', () => [
    [of(), Math.round(performance.timeOrigin) / 1_000],
  ])
  meters.total('sis_process_cpu_seconds_total', 'Processor time of the process.', () => {
    const { user, system } = process.cpuUsage()
    return [
      [of({ mode: 'user' }), user / 1e6],
      [of({ mode: 'system' }), system / 1e6],
    ]
  })
  meters.total('sis_process_event_loop_seconds_total', 'Time that the event loop worked, and waited.', () => {
    const { active, idle } = performance.eventLoopUtilization()
    return [
      [of({ state: 'active' }), active / 1_000],
      [of({ state: 'idle' }), idle / 1_000],
    ]
  })
  measureDelay(meters, of)
  measureGarbage(meters, of)
}

function measureDelay(meters: Meters, of: (more: Record<string, string>) => string): void {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  delay.enable()
  // What it measures is the time between two beats: all but its own pace is lateness.
  const late = (ns: number): number => (Number.isFinite(ns) ? Math.max(0, ns / 1e6 - delayResolutionMs) / 1_000 : 0)
  meters.gauge('sis_process_event_loop_delay_seconds', 'How late the event loop ran since the last reading.', () => {
    const samples: Sample[] = [
      [of({ quantile: '0.5' }), late(delay.percentile(50))],
      [of({ quantile: '0.99' }), late(delay.percentile(99))],
      [of({ quantile: '1' }), late(delay.max)],
    ]
    delay.reset()
    return samples
  })
}

function measureGarbage(meters: Meters, of: (more: Record<string, string>) => string): void {
  const collections = meters.histograms(
    'sis_process_gc_duration_seconds',
    'Garbage collections by kind and duration.',
    gcBounds,
  )
  const observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as (PerformanceEntry & { detail?: { kind?: number } })[])
      collections.of(of({ kind: gcKinds[detail?.kind ?? 0] ?? 'other' })).observe(duration / 1_000)
  })
  observer.observe({ entryTypes: ['gc'] })
}

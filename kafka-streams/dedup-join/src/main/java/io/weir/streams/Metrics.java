package io.weir.streams;

import java.util.LinkedHashMap;
import java.util.Map;

/** Formats {@link Runner#status} as Prometheus text. */
final class Metrics {
  private static final String PREFIX = "weir_pipeline_";

  private Metrics() {}

  static String of(Map<String, Map<String, Object>> pipelines) {
    StringBuilder text = new StringBuilder();
    Map<String, Map<String, Number>> gauges = new LinkedHashMap<>();
    Map<String, Map<String, Number>> counters = new LinkedHashMap<>();
    pipelines.forEach(
        (name, status) -> {
          put(gauges, "running", name, "RUNNING".equals(status.get("state")) ? 1 : 0);
          put(gauges, "failures_since_progress", name, status.get("failures_since_progress"));
          put(counters, "failures_total", name, status.get("failures"));
          if (status.get("counters") instanceof Map<?, ?> counts) {
            counts.forEach((count, value) -> put(counters, count + "_total", name, value));
          }
        });
    gauges.forEach((metric, values) -> write(text, metric, "gauge", values));
    counters.forEach((metric, values) -> write(text, metric, "counter", values));
    return text.toString();
  }

  private static void put(
      Map<String, Map<String, Number>> metrics, String metric, String pipeline, Object value) {
    if (value instanceof Number number) {
      metrics.computeIfAbsent(metric, name -> new LinkedHashMap<>()).put(pipeline, number);
    }
  }

  private static void write(
      StringBuilder text, String metric, String type, Map<String, Number> values) {
    text.append("# TYPE ").append(PREFIX).append(metric).append(' ').append(type).append('\n');
    values.forEach(
        (pipeline, value) ->
            text.append(PREFIX)
                .append(metric)
                .append("{pipeline=\"")
                .append(pipeline)
                .append("\"} ")
                .append(value)
                .append('\n'));
  }
}

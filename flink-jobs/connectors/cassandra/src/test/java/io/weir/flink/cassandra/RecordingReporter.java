package io.weir.flink.cassandra;

import java.util.Comparator;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Records all metrics of the jobs in this JVM, even after they end. */
public final class RecordingReporter implements MetricReporter, MetricReporterFactory {
  static final String SETTING =
      "metrics.reporter.recording.factory.class=" + RecordingReporter.class.getName();

  private static final Map<Metric, String> METRICS = new ConcurrentHashMap<>();

  static void clear() {
    METRICS.clear();
  }

  /** The sum over all subtasks. */
  static long counter(String name) {
    return METRICS.entrySet().stream()
        .filter(entry -> entry.getValue().endsWith("|" + name))
        .mapToLong(entry -> ((Counter) entry.getKey()).getCount())
        .sum();
  }

  static long histogramCount(String name) {
    return METRICS.entrySet().stream()
        .filter(entry -> entry.getValue().endsWith("|" + name))
        .mapToLong(entry -> ((Histogram) entry.getKey()).getCount())
        .sum();
  }

  static double histogramQuantile(String name, double quantile) {
    return METRICS.entrySet().stream()
        .filter(entry -> entry.getValue().endsWith("|" + name))
        .mapToDouble(entry -> ((Histogram) entry.getKey()).getStatistics().getQuantile(quantile))
        .max()
        .orElse(Double.NaN);
  }

  /** The highest value among the subtasks; -1 if there is no such gauge. */
  static long gauge(String name) {
    return METRICS.entrySet().stream()
        .filter(entry -> entry.getValue().endsWith("|" + name))
        .mapToLong(entry -> ((Number) ((Gauge<?>) entry.getKey()).getValue()).longValue())
        .max()
        .orElse(-1);
  }

  /** The longest text among the subtasks' gauges of this name. */
  static String text(String name) {
    return METRICS.entrySet().stream()
        .filter(entry -> entry.getValue().endsWith("|" + name))
        .map(entry -> String.valueOf(((Gauge<?>) entry.getKey()).getValue()))
        .max(Comparator.comparingInt(String::length))
        .orElse("");
  }

  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return this;
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    METRICS.put(metric, String.join(".", group.getScopeComponents()) + "|" + name);
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {}
}

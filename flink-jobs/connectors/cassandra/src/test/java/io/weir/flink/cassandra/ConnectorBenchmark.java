package io.weir.flink.cassandra;

import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.sun.management.OperatingSystemMXBean;
import io.weir.flink.cassandra.source.FullLookupFunction;
import io.weir.flink.cassandra.source.LookupSpec;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.util.Collector;

/**
 * Measures how fast rows are written, compared with the bare driver, and how long a lookup takes.
 * Not a test: run {@code main} (with {@code writes}, {@code latency}, {@code lookups}, or nothing
 * for all) and {@code -Dcassandra.contact-point=host:port -Dcassandra.datacenter=name}.
 */
final class ConnectorBenchmark extends CassandraTestBase {
  private static final int WARM_UP_ROWS = 100_000;
  private static final int ROWS = 500_000;
  private static final int UNLIMITED = 10_000_000;
  private static final int LOOKUPS = 20_000_000;
  private static final String CQL_COLUMNS =
      "(id bigint, carrier text, origin text, delay int, distance double, PRIMARY KEY (id))";

  public static void main(String[] arguments) throws Exception {
    ConnectorBenchmark benchmark = new ConnectorBenchmark();
    benchmark.createKeyspace();
    try {
      List<String> parts =
          arguments.length == 0 ? List.of("writes", "latency", "lookups") : List.of(arguments);
      for (String part : parts) {
        switch (part) {
          case "writes" -> benchmark.writes();
          case "latency" -> benchmark.latency();
          case "lookups" -> benchmark.lookups();
          default -> throw new IllegalArgumentException("writes, latency or lookups, not " + part);
        }
      }
    } finally {
      benchmark.dropKeyspace();
    }
  }

  private void writes() throws Exception {
    cassandra.execute("CREATE TABLE bare " + CQL_COLUMNS);
    bareDriver(WARM_UP_ROWS);
    Cost bare = Cost.of(() -> bareDriver(ROWS));
    bare.print("bare driver", bare);
    for (int parallelism = 1; parallelism <= 2; parallelism++) {
      int writers = parallelism;
      flinkJob(WARM_UP_ROWS, writers, UNLIMITED);
      // The difference between a long and a short run excludes the job's start and end.
      Cost shortRun = Cost.of(() -> flinkJob(WARM_UP_ROWS, writers, UNLIMITED));
      Cost longRun = Cost.of(() -> flinkJob(WARM_UP_ROWS + ROWS, writers, UNLIMITED));
      longRun.minus(shortRun).print("job with %d writers".formatted(writers), bare);
    }
  }

  private void bareDriver(int rows) throws InterruptedException {
    PreparedStatement insert =
        cassandra.prepare(
            "INSERT INTO bare (id, carrier, origin, delay, distance) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?");
    Semaphore inFlight = new Semaphore(256);
    for (long id = 0; id < rows; id++) {
      inFlight.acquire();
      cassandra
          .executeAsync(
              insert
                  .boundStatementBuilder()
                  .setLong(0, id)
                  .setString(1, "carrier")
                  .setString(2, "origin")
                  .setInt(3, (int) id)
                  .setDouble(4, id)
                  .setLong(5, id)
                  .build())
          .whenComplete((result, error) -> inFlight.release());
    }
    inFlight.acquire(256);
  }

  private void flinkJob(int rows, int parallelism, int rowsPerSecond) throws Exception {
    TableEnvironment env =
        streaming("parallelism.default=" + parallelism, RecordingReporter.SETTING);
    env.executeSql(
        "CREATE TABLE job (id BIGINT, carrier STRING, origin STRING, delay INT, distance DOUBLE, PRIMARY KEY (id) NOT ENFORCED)"
            + with("job", "'consistency-level.write' = 'LOCAL_ONE'"));
    env.executeSql(
        ("CREATE TABLE events (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '%d',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '%d')")
            .formatted(rowsPerSecond, rows - 1));
    run(
        env,
        "INSERT INTO job SELECT id, 'carrier', 'origin', CAST(id AS INT), CAST(id AS DOUBLE) FROM events");
  }

  /** In addition, a row waits up to sink.buffer.max-time (10 ms). */
  private void latency() throws Exception {
    RecordingReporter.clear();
    flinkJob(WARM_UP_ROWS, 1, 5_000);
    System.out.printf(
        "request at 5,000 rows/s: p50 %.1f ms, p99 %.1f ms%n",
        RecordingReporter.histogramQuantile("requestLatency", 0.5) / 1000,
        RecordingReporter.histogramQuantile("requestLatency", 0.99) / 1000);
  }

  private void lookups() throws Exception {
    cassandra.execute("CREATE TABLE planes (tailnum text PRIMARY KEY, model text, seats int)");
    StringData[] keys = new StringData[4096];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = StringData.fromString("N" + i + "UA");
      if (i < 3322) {
        cassandra.execute(
            "INSERT INTO planes (tailnum, model, seats) VALUES (?, 'A320', 180)",
            keys[i].toString());
      }
    }
    FullLookupFunction function = new FullLookupFunction(lookupSpec());
    long[] found = {0};
    function.open(new FunctionContext(null));
    setCollector(function, found);
    long count = 0;
    for (int round = 0; round < 3; round++) {
      long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      for (count = 0; count < LOOKUPS; count++) {
        function.eval(keys[(int) count & 4095]);
      }
      long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
      System.out.printf("lookup: %.0f ns of CPU%n", cpu / (double) LOOKUPS);
    }
    function.close();
    System.out.printf("found %d of %d%n", found[0], 3L * LOOKUPS);
  }

  private static void setCollector(TableFunction<RowData> function, long[] found) {
    function.setCollector(
        new Collector<>() {
          @Override
          public void collect(RowData row) {
            found[0]++;
          }

          @Override
          public void close() {}
        });
  }

  private LookupSpec lookupSpec() {
    ValidatedOptions options =
        new ValidatedOptions(
            Configuration.fromMap(
                Map.of(
                    "contact-points",
                    CONTACT_POINT,
                    "local-datacenter",
                    DATACENTER,
                    "keyspace",
                    keyspace,
                    "table",
                    "planes",
                    "lookup.cache",
                    "FULL",
                    "lookup.full-cache.periodic-reload.interval",
                    "1 s")));
    return new LookupSpec(
        new SourceSettings(options.session(), options.table(), options.readConsistency()),
        new TableColumns(
            List.of("tailnum", "model", "seats"),
            List.of(
                DataTypes.STRING().getLogicalType(),
                DataTypes.STRING().getLogicalType(),
                DataTypes.INT().getLogicalType()),
            List.of("tailnum")),
        List.of(0),
        options.lookup());
  }

  private interface Work {
    void run() throws Exception;
  }

  /**
   * The cost of writing {@link #ROWS} rows. The CPU time of this JVM includes only the client's
   * work, whatever else the machine does; the elapsed time includes Cassandra's.
   */
  private record Cost(double elapsedSeconds, double cpuSeconds) {
    static Cost of(Work work) throws Exception {
      OperatingSystemMXBean system =
          ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      long start = System.nanoTime();
      long cpu = system.getProcessCpuTime();
      work.run();
      return new Cost((System.nanoTime() - start) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
    }

    Cost minus(Cost other) {
      return new Cost(elapsedSeconds - other.elapsedSeconds, cpuSeconds - other.cpuSeconds);
    }

    void print(String name, Cost bare) {
      System.out.printf(
          "%s: %.0f rows/s (%.2f of the bare driver), %.1f us of client CPU per row (%.2f)%n",
          name,
          ROWS / elapsedSeconds,
          bare.elapsedSeconds / elapsedSeconds,
          cpuSeconds / ROWS * 1e6,
          cpuSeconds / bare.cpuSeconds);
    }
  }
}

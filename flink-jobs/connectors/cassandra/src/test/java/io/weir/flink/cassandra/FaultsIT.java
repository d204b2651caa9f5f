package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.table.api.CompiledPlan;
import org.apache.flink.table.api.PlanReference;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.functions.ScalarFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultsIT extends CassandraTestBase {
  private static final AtomicBoolean HAS_FAILED = new AtomicBoolean();

  /** Returns its argument, but fails the job once in the middle. */
  public static final class FailOnce extends ScalarFunction implements Serializable {
    public Long eval(Long id) {
      if (id == 6000 && HAS_FAILED.compareAndSet(false, true)) {
        throw new IllegalStateException("failing once");
      }
      return id;
    }
  }

  private static void createEvents(TableEnvironment env, int rows, int rowsPerSecond) {
    env.executeSql(
        ("CREATE TABLE events (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '%d',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '%d')")
            .formatted(rowsPerSecond, rows - 1));
  }

  private long count(String table) {
    return select("SELECT COUNT(*) FROM " + table).get(0).getLong(0);
  }

  @Test
  void aRestartFromACheckpointLosesNoRowThatWasOnlyBuffered(@TempDir Path checkpoints)
      throws Exception {
    cassandra.execute("CREATE TABLE restarted (id bigint PRIMARY KEY, v text)");
    HAS_FAILED.set(false);
    TableEnvironment env =
        streaming(
            "execution.checkpointing.interval=100 ms",
            "execution.checkpointing.dir=" + checkpoints.toUri(),
            "restart-strategy.type=fixed-delay",
            "restart-strategy.fixed-delay.delay=100 ms",
            "restart-strategy.fixed-delay.attempts=3");
    env.createTemporarySystemFunction("fail_once", FailOnce.class);
    // Nothing is sent before the end of the job or a full buffer, so checkpoints have these rows
    // only in the writer's state.
    env.executeSql(
        "CREATE TABLE restarted (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + with(
                "restarted",
                "'sink.buffer.max-time' = '1 h'",
                "'sink.buffer.max-size' = '100000'"));
    createEvents(env, 10_000, 4_000);
    run(env, "INSERT INTO restarted SELECT fail_once(id), CAST(id AS STRING) FROM events");

    assertThat(HAS_FAILED).isTrue();
    assertThat(count("restarted")).isEqualTo(10_000);
  }

  @Test
  void anOutageHoldsTheJobBackAndLosesNothing() throws Exception {
    cassandra.execute("CREATE TABLE outage (id bigint PRIMARY KEY, v text)");
    RecordingReporter.clear();
    try (CuttableProxy proxy = new CuttableProxy(address())) {
      TableEnvironment env = streaming(RecordingReporter.SETTING);
      env.executeSql(
          "CREATE TABLE outage (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
              + withContactPoint(proxy.contactPoint(), "outage", "'request-timeout' = '1 s'"));
      createEvents(env, 20_000, 4_000);
      TableResult job =
          env.executeSql("INSERT INTO outage SELECT id, CAST(id AS STRING) FROM events");
      await("rows arrive", () -> count("outage") > 1000);
      proxy.cut();
      await("requests are retried", () -> RecordingReporter.counter("retriedRequests") > 100);
      long duringOutage = count("outage");
      assertThat(duringOutage).isLessThan(20_000);
      proxy.mend();
      job.await();

      assertThat(count("outage")).isEqualTo(20_000);
    }
  }

  @Test
  void withoutRetriesAnOutageFailsTheJob() throws Exception {
    cassandra.execute("CREATE TABLE impatient (id bigint PRIMARY KEY)");
    try (CuttableProxy proxy = new CuttableProxy(address())) {
      TableEnvironment env = streaming();
      env.executeSql(
          "CREATE TABLE impatient (id BIGINT, PRIMARY KEY (id) NOT ENFORCED)"
              + withContactPoint(proxy.contactPoint(), "impatient", "'sink.max-retries' = '0'"));
      createEvents(env, 20_000, 2_000);
      TableResult job = env.executeSql("INSERT INTO impatient SELECT id FROM events");
      await("rows arrive", () -> count("impatient") > 100);
      proxy.cut();
      assertThatThrownBy(job::await).hasStackTraceContaining("Cassandra refused a write");
    }
  }

  @Test
  void aWriteThatCanNeverSucceedFailsTheJobAtOnce() throws Exception {
    cassandra.execute("CREATE TABLE dropped (id bigint PRIMARY KEY)");
    TableEnvironment env = streaming();
    env.executeSql(
        "CREATE TABLE dropped (id BIGINT, PRIMARY KEY (id) NOT ENFORCED)" + with("dropped"));
    createEvents(env, 1_000_000, 2_000);
    TableResult job = env.executeSql("INSERT INTO dropped SELECT id FROM events");
    await("rows arrive", () -> count("dropped") > 100);
    cassandra.execute("DROP TABLE dropped");
    assertThatThrownBy(job::await).hasStackTraceContaining("Cassandra refused a write");
  }

  @Test
  void aCompiledPlanRunsInAnotherSession(@TempDir Path folder) throws Exception {
    cassandra.execute("CREATE TABLE names (k int PRIMARY KEY, name text)");
    cassandra.execute("INSERT INTO names (k, name) VALUES (1, 'one')");
    cassandra.execute("CREATE TABLE named (id bigint PRIMARY KEY, name text)");
    Path file = folder.resolve("plan.json");
    TableEnvironment planner = streaming();
    planner.executeSql(
        "CREATE TABLE names (k INT, name STRING)"
            + with(
                "names",
                "'lookup.cache' = 'FULL'",
                "'lookup.full-cache.periodic-reload.interval' = '1 h'"));
    planner.executeSql(
        "CREATE TABLE named (id BIGINT, name STRING, ts BIGINT METADATA FROM 'write-timestamp',"
            + " PRIMARY KEY (id) NOT ENFORCED)"
            + with("named"));
    planner.executeSql(
        "CREATE TABLE events (id BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen',"
            + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '9')");
    CompiledPlan plan =
        planner.compilePlanSql(
            "INSERT INTO named SELECT id, name, id + 1000 FROM events LEFT JOIN names FOR SYSTEM_TIME AS OF events.p"
                + " ON names.k = MOD(id, 2)");
    plan.writeToFile(file);

    streaming().loadPlan(PlanReference.fromFile(file)).execute().await();

    assertThat(select("SELECT id, name, WRITETIME(name) AS t FROM named"))
        .hasSize(10)
        .allSatisfy(
            row -> {
              boolean odd = row.getLong("id") % 2 == 1;
              assertThat(row.getString("name")).isEqualTo(odd ? "one" : null);
              assertThat(row.isNull("t") || row.getLong("t") == row.getLong("id") + 1000).isTrue();
            });
  }
}

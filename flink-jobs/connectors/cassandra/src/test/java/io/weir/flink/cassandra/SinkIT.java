package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.cql.Row;
import java.util.List;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.Test;

class SinkIT extends CassandraTestBase {

  @Test
  void updatesOverwriteAndDeletionsDelete() throws Exception {
    cassandra.execute("CREATE TABLE totals (k text PRIMARY KEY, n bigint, s int)");
    TableEnvironment env = streaming("parallelism.default=1");
    env.executeSql(
        "CREATE TABLE totals (k STRING, n BIGINT, s INT, PRIMARY KEY (k) NOT ENFORCED)"
            + with("totals"));
    env.executeSql(
        "CREATE VIEW input AS SELECT * FROM (VALUES ('a', 1), ('b', 5), ('a', 2), ('c', 7), ('c', -7)) AS t(k, v)");
    // 'c' first has a total of 7, then 0. HAVING removes that row, which is a deletion.
    run(
        env,
        "INSERT INTO totals SELECT k, COUNT(*), SUM(v) FROM input GROUP BY k HAVING SUM(v) <> 0");

    assertThat(select("SELECT k, n, s FROM totals"))
        .extracting(row -> row.getString("k") + row.getLong("n") + "," + row.getInt("s"))
        .containsExactlyInAnyOrder("a2,3", "b1,5");
  }

  @Test
  void writeTimestampAndTtlComeFromTheMetadataColumns() throws Exception {
    cassandra.execute("CREATE TABLE versions (k int, c text, v text, PRIMARY KEY (k, c))");
    TableEnvironment env = streaming("parallelism.default=1");
    env.executeSql(
        "CREATE TABLE versions (k INT, c STRING, v STRING, ts BIGINT METADATA FROM 'write-timestamp',"
            + " expiry INT METADATA FROM 'ttl', PRIMARY KEY (k, c) NOT ENFORCED)"
            + with("versions", "'sink.ttl' = '1 h'"));
    run(
        env,
        "INSERT INTO versions VALUES (1, 'x', 'new', 2000000, 500), (1, 'y', 'y', 2000001, CAST(NULL AS INT))");
    run(env, "INSERT INTO versions VALUES (1, 'x', 'old', 1000000, 900)");
    run(env, "INSERT INTO versions VALUES (1, 'x', 'new', 2000000, 500)");

    List<Row> rows = select("SELECT v, WRITETIME(v) AS t, TTL(v) AS ttl FROM versions WHERE k = 1");
    assertThat(rows).extracting(row -> row.getString("v")).containsExactly("new", "y");
    assertThat(rows).extracting(row -> row.getLong("t")).containsExactly(2000000L, 2000001L);
    assertThat(rows.get(0).getInt("ttl")).isBetween(400, 500);
    assertThat(rows.get(1).getInt("ttl")).isBetween(3500, 3600);
  }

  @Test
  void aNullWriteTimestampFailsTheJob() {
    cassandra.execute("CREATE TABLE unstamped (k int PRIMARY KEY)");
    TableEnvironment env = streaming();
    env.executeSql(
        "CREATE TABLE unstamped (k INT, ts BIGINT METADATA FROM 'write-timestamp', PRIMARY KEY (k) NOT ENFORCED)"
            + with("unstamped"));
    assertThatThrownBy(() -> run(env, "INSERT INTO unstamped VALUES (1, CAST(NULL AS BIGINT))"))
        .rootCause()
        .hasMessageContaining("'write-timestamp' is NULL");
  }

  @Test
  void ofAThousandVersionsOfARowAFewAreWrittenAndTheNewestStays() throws Exception {
    cassandra.execute("CREATE TABLE hot (k int PRIMARY KEY, n bigint)");
    RecordingReporter.clear();
    TableEnvironment env = streaming("parallelism.default=1", RecordingReporter.SETTING);
    env.executeSql(
        "CREATE TABLE hot (k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED)"
            + with("hot", "'sink.buffer.max-time' = '200 ms'"));
    env.executeSql(
        "CREATE TABLE events (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '50000',"
            + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '49999')");
    run(
        env,
        "INSERT INTO hot SELECT CAST(id % 10 AS INT), COUNT(*) FROM events GROUP BY CAST(id % 10 AS INT)");

    assertThat(select("SELECT n FROM hot")).hasSize(10).allMatch(row -> row.getLong("n") == 5000);
    long coalesced = RecordingReporter.counter("coalescedRecords");
    assertThat(coalesced).isGreaterThan(45_000);
    assertThat(RecordingReporter.counter("numRecordsSend") + coalesced).isEqualTo(50_000);
  }

  @Test
  void nullsEraseUnlessTheyAreIgnored() throws Exception {
    cassandra.execute("CREATE TABLE partial (k int PRIMARY KEY, a text, b text)");
    TableEnvironment env = streaming("parallelism.default=1");
    String columns = " (k INT, a STRING, b STRING, PRIMARY KEY (k) NOT ENFORCED)";
    env.executeSql("CREATE TABLE erasing" + columns + with("partial"));
    env.executeSql(
        "CREATE TABLE merging" + columns + with("partial", "'sink.ignore-null-values' = 'true'"));
    String first = "(1, 'a1', CAST(NULL AS STRING))";
    String second = "(1, CAST(NULL AS STRING), 'b2')";

    // Both rows are in the buffer at once. Merging them must not lose the column that only the
    // older one sets.
    run(env, "INSERT INTO merging VALUES " + first + ", " + second);
    Row merged = select("SELECT a, b FROM partial WHERE k = 1").get(0);
    assertThat(merged.getString("a")).isEqualTo("a1");
    assertThat(merged.getString("b")).isEqualTo("b2");

    run(env, "INSERT INTO erasing VALUES " + second);
    assertThat(select("SELECT a FROM partial WHERE k = 1").get(0).getString("a")).isNull();
  }

  @Test
  void rowsOfOnePartitionShareRequests() throws Exception {
    cassandra.execute("CREATE TABLE wide (p int, c bigint, v text, PRIMARY KEY (p, c))");
    RecordingReporter.clear();
    TableEnvironment env = streaming("parallelism.default=1", RecordingReporter.SETTING);
    env.executeSql(
        "CREATE TABLE wide (p INT, c BIGINT, v STRING, PRIMARY KEY (p, c) NOT ENFORCED)"
            + with("wide", "'sink.buffer.max-time' = '1 s'", "'sink.batch.max-size' = '50'"));
    env.executeSql(
        "CREATE TABLE events (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '10000',"
            + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '9999')");
    run(env, "INSERT INTO wide SELECT CAST(id % 2 AS INT), id, 'v' FROM events");

    assertThat(select("SELECT COUNT(*) FROM wide").get(0).getLong(0)).isEqualTo(10_000);
    assertThat(RecordingReporter.counter("numRecordsSend")).isEqualTo(10_000);
    assertThat(RecordingReporter.histogramCount("requestLatency")).isBetween(200L, 220L);
  }

  @Test
  void anUpdatingQueryNeedsAPrimaryKey() {
    TableEnvironment env = streaming();
    env.executeSql("CREATE TABLE keyless (k INT, n BIGINT)" + with("keyless"));
    assertThatThrownBy(
            () ->
                env.explainSql(
                    "INSERT INTO keyless SELECT k, COUNT(*) FROM (VALUES (1)) AS t(k) GROUP BY k"))
        .hasStackTraceContaining("declares no PRIMARY KEY");
  }
}

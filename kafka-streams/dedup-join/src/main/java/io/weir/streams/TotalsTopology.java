package io.weir.streams;

import io.weir.registry.SchemaLookup;
import io.weir.registry.WireFormat;
import io.weir.streams.PipelinePlan.Aggregate;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Turns rows into totals. It is a separate application, so that totals are committed once a second
 * while rows are committed much more often. Only the last version of a busy group before a commit
 * goes to its changelog, its topic and Cassandra.
 *
 * <pre>
 * rows - by group - totals, for each table
 * </pre>
 */
final class TotalsTopology {
  private static final Serde<byte[]> BYTES = Serdes.ByteArray();

  private final PipelinePlan plan;
  private final SchemaLookup schemas;
  private final Map<String, Integer> schemaIds;

  /**
   * @param schemas looks up the schemas of rows
   * @param schemaIds the schema id of each output, by subject
   */
  TotalsTopology(PipelinePlan plan, SchemaLookup schemas, Map<String, Integer> schemaIds) {
    this.plan = plan;
    this.schemas = schemas;
    this.schemaIds = schemaIds;
  }

  Topology build() {
    StreamsBuilder builder = new StreamsBuilder();
    Schema schema = new Schema.Parser().parse(plan.rows().schema());
    KStream<byte[], Object[]> rows =
        builder.stream(
                plan.rows().topic(),
                Consumed.with(BYTES, BYTES)
                    .withName("rows")
                    .withTimestampExtractor((record, time) -> Math.max(0, record.timestamp())))
            .processValues(
                () -> new RowDecoder(new RowReader(schemas, schema, plan.columns())),
                Named.as("rows-decode"));
    plan.aggregates().forEach(aggregate -> add(rows, aggregate));
    return builder.build();
  }

  private void add(KStream<byte[], Object[]> rows, Aggregate aggregate) {
    Totals totals = new Totals(aggregate, plan.columns());
    String name = aggregate.name();
    RowCodec keys = totals.keys();
    RowCodec outputs = totals.outputs();
    byte[] header = WireFormat.header(schemaIds.get(aggregate.output().subject()));
    rows.selectKey((id, row) -> keys.encode(totals.group(row)), Named.as(name + "-group"))
        .mapValues(totals::input, Named.as(name + "-input"))
        .groupByKey(
            Grouped.<byte[], Object[]>as(name)
                .withKeySerde(BYTES)
                .withValueSerde(totals.inputs().serde()))
        .aggregate(
            totals::empty,
            (key, input, state) -> totals.add(state, input),
            Named.as(name + "-totals"),
            // Cached: only the last version of a busy group before a commit is sent.
            Materialized.<byte[], Object[], KeyValueStore<Bytes, byte[]>>as(name)
                .withKeySerde(BYTES)
                .withValueSerde(totals.states().serde()))
        .toStream(Named.as(name + "-changes"))
        .mapValues(
            (key, state) -> outputs.encode(header, totals.output(keys.decode(key), state)),
            Named.as(name + "-encode"))
        .to(aggregate.output().topic(), Produced.with(BYTES, BYTES).withName(name + "-table"));
  }
}

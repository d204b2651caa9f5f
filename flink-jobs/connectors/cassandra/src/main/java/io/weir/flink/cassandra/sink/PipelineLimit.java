package io.weir.flink.cassandra.sink;

import io.weir.cassandra.statement.WritePipeline;
import org.apache.flink.connector.base.sink.writer.strategy.RateLimitingStrategy;
import org.apache.flink.connector.base.sink.writer.strategy.RequestInfo;
import org.apache.flink.connector.base.sink.writer.strategy.ResultInfo;

/**
 * Lets the writer submit rows while the pipeline has room. When it is full, one more batch may wait
 * in it, so that the connection stays busy while the writer prepares the next.
 */
final class PipelineLimit implements RateLimitingStrategy {
  private static final int HAND_OVERS_WHEN_FULL = 2;

  private final WritePipeline pipeline;
  private final int maxRows;
  private int handOvers;

  PipelineLimit(WritePipeline pipeline, int maxRows) {
    this.pipeline = pipeline;
    this.maxRows = maxRows;
  }

  @Override
  public void registerInFlightRequest(RequestInfo request) {
    handOvers++;
  }

  @Override
  public void registerCompletedRequest(ResultInfo result) {
    handOvers--;
  }

  @Override
  public boolean shouldBlock(RequestInfo request) {
    return handOvers >= HAND_OVERS_WHEN_FULL && pipeline.isFull();
  }

  @Override
  public int getMaxBatchSize() {
    return maxRows;
  }
}
